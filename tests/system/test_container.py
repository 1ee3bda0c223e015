# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Targets that see other files and other PIDs than the profiler: namespaces, chroot, a library that is deleted or replaced."""
import os
import re
import shutil
import subprocess
import tempfile

from launch import Profiler, Target
from needs import needs_bpf, why_no_unshare
from paths import BUILD, target_program
from reports import ReportCase, sections
from waiting import child_of

LIBRARY = "libdcbs-markers.so.1"


def mapped(pid, name):
    """The paths under which a process has mapped files of this name."""
    with open("/proc/%d/maps" % pid) as maps:
        return {m.group(1) for m in re.finditer(r"(/\S*%s\S*(?: \(deleted\))?)$" % re.escape(name), maps.read(), re.M)}


class ContainerCase(ReportCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="dcbs-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def copy(self, to):
        """Copies target and library to a directory of their own."""
        os.makedirs(to, exist_ok=True)
        shutil.copy(target_program("sections"), to)
        shutil.copy(os.path.join(BUILD, "libdcbs-markers.so"), os.path.join(to, LIBRARY))
        return to

    def check(self, target, pid, *options):
        """Profiles a held target and checks that every section is found; the options may name functions of it."""
        with Profiler("-p", pid, *options, wait_for=pid) as profiler:
            target.go()
            truth = target.result()
            profiler.stop()
            report = profiler.report()
        found = sections(report)
        for name, expected in truth["sections"].items():
            self.check_count(found[name], expected)
            self.check_times(found[name], expected)
        self.check_lost(report)
        self.assertEqual(report["target"]["pid"], pid)
        self.assertTrue(report["target"]["markers"])
        return found, truth


@needs_bpf
class Namespaces(ContainerCase):
    def contained(self, *options):
        """A target whose files lie in a file system that only it sees; its functions are found there, too."""
        why = why_no_unshare(*options)
        if why:
            self.skipTest("unshare %s: %s" % (" ".join(options), why))
        inside = os.path.join(self.directory, "inside")
        os.mkdir(inside)
        files = self.copy(os.path.join(self.directory, "files"))
        shell = 'mount -t tmpfs none "$0" && cp "$1"/* "$0" && LD_LIBRARY_PATH="$0" exec "$0"/sections --iterations 60'
        with Target(shutil.which("unshare"), *options, "sh", "-c", shell, inside, files, hold=True) as target:
            forks = "--fork" in options
            pid = child_of(target.pid) if forks else target.pid
            self.assertEqual(os.listdir(inside), [])
            self.assertEqual(mapped(pid, "libdcbs-markers"), {os.path.join(inside, LIBRARY)})
            for namespace in ("mnt", "pid", "user"):
                differs = os.readlink("/proc/%d/ns/%s" % (pid, namespace)) != os.readlink("/proc/self/ns/" + namespace)
                self.assertEqual(differs, "--%s" % {"mnt": "mount"}.get(namespace, namespace) in options, namespace)
            found, truth = self.check(target, pid, "-s", "by-path=%s/%s:dcbs_section_begin" % (inside, LIBRARY),
                                      "-s", "by-name=%s:dcbs_section_end" % LIBRARY)
            self.assertEqual(truth["pid"] == pid, not forks)
            target.line()
            self.assertEqual(target.end(), 0)
        calls = sum(t["count"] for t in truth["sections"].values())
        self.assertEqual(found["by-path"]["count"], calls)
        self.assertEqual(found["by-name"]["count"], calls + 1)      # the end of a section that was open before, if there was one

    def test_mount(self):
        self.contained("--mount")

    def test_mount_and_pid(self):
        self.contained("--mount", "--pid", "--fork")

    def test_mount_pid_and_user(self):
        self.contained("--mount", "--pid", "--fork", "--user", "--map-root-user")

    def test_the_profiler_in_another_namespace(self):
        """The profiler finds a target in another mount namespace by its mappings, not by its paths."""
        why = why_no_unshare("--mount")
        if why:
            self.skipTest(why)
        files = self.copy(os.path.join(self.directory, "files"))
        with Target(os.path.join(files, "sections"), "--iterations", 20, hold=True, env={"LD_LIBRARY_PATH": files}) as target:
            done = subprocess.run(["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$0" && shift && exec "$@"', files, "-",
                                   os.path.join(BUILD, "dcbs-bpfprof"), "-q", "-p", str(target.pid), "-d", "0.1"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.check(target, target.pid)


@needs_bpf
class Files(ContainerCase):
    def test_chroot(self):
        """The paths in /proc/PID/maps are those of another root, where the same path is another file."""
        folder = os.path.dirname(target_program("sections"))
        files = self.copy(self.directory + folder)
        shutil.copy(os.path.join(files, LIBRARY), self.directory + BUILD)       # the target's run path
        libraries = subprocess.run(["ldd", os.path.join(files, "sections")], stdout=subprocess.PIPE, text=True, check=True).stdout
        for path in re.findall(r"(/\S+) \(0x", libraries):
            if "libdcbs" not in path:
                os.makedirs(os.path.dirname(self.directory + path), exist_ok=True)
                shutil.copy(path, self.directory + path)
        chroot = shutil.which("chroot", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        with Target(chroot, self.directory, target_program("sections"), "--iterations", 60, hold=True,
                    env={"LD_LIBRARY_PATH": folder}) as target:
            self.assertEqual(os.readlink("/proc/%d/root" % target.pid), self.directory)
            function = os.path.join(folder, LIBRARY)
            found, truth = self.check(target, target.pid, "-s", "begin=%s:dcbs_section_begin" % function)
        self.assertEqual(found["begin"]["count"], sum(t["count"] for t in truth["sections"].values()))

    def changed(self, change):
        """The library's file changes after the target has mapped it."""
        files = self.copy(os.path.join(self.directory, "files"))
        with Target(os.path.join(files, "sections"), "--iterations", 60, hold=True, env={"LD_LIBRARY_PATH": files}) as target:
            change(files)
            self.assertEqual(mapped(target.pid, "libdcbs-markers"), {os.path.join(files, LIBRARY) + " (deleted)"})
            self.check(target, target.pid)

    def test_deleted(self):
        self.changed(shutil.rmtree)

    def test_replaced(self):
        """Another file gets the name, as in the upgrade of a package."""
        def replace(files):
            new = os.path.join(files, "new")
            shutil.copy(target_program("plain"), new)
            os.rename(new, os.path.join(files, LIBRARY))
        self.changed(replace)

    def test_path_with_blanks_and_newlines(self):
        files = self.copy(os.path.join(self.directory, "a b\n7f0000000000-7f0000001000 r-xp 00000000 08:01 1 /c é"))
        with Target(os.path.join(files, "sections"), "--iterations", 20, hold=True, env={"LD_LIBRARY_PATH": files}) as target:
            self.check(target, target.pid)
