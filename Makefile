# dcbs-bpfprof - times the named sections of a running evaluation.
#
#   make                 build everything under build/
#   make demo            install what is missing, build, start an evaluation, attach to it, print the report
#   make demo-async      the same with an evaluation that asks a server, with many questions in flight on one event loop
#   make test            install what is missing, build, run every test (root, for the tests that load BPF)
#   make test-pythons    the tests of interpreters with one more: Python 3.14, in a root of Debian's sid (root, network)
#   make test-vm         a part of the tests on other kernels, Debian's 6.1 to the newest, under QEMU (root, network)
#   make test-install    builds and installs it on fresh roots of Debian 12 and 13, in each way there is (root, network; 15 minutes)
#   make bench           the same for the cost of a section, side by side with other tools
#   make deps            install the packages that building and testing need (Debian 12; root or sudo)
#   make fuzz            read hostile input for FUZZ_SECONDS=30 a reader, with clang's libFuzzer and sanitizers
#   make soak            profile at full rate for SOAK_SECONDS=1200: does the profiler's memory stay flat, are all counts exact?
#   make install         install the command, the libraries, their headers, manual pages    DESTDIR= prefix=/usr/local bindir= libdir= ...
#   make uninstall       remove what `make install` with the same variables has installed
#   make install-python  install the module dcbs_profiler for one interpreter         DESTDIR= PYTHON=python3
#   make static          the command in one file, build/static/dcbs-bpfprof, that needs nothing but a kernel
#   make deb             packages of Debian, in build/deb (needs build-essential, debhelper, dh-python; lintian if it is there)
#   make dist            what is published: source, Python source, static program, what is in it (SBOM), digests; in build/dist
#   make clean           remove what was built
#   make help            print this
#
#   O=DIR  build there instead     V=1  show the commands     SAN=1  with ASan and UBSan     WERROR=1  warnings fail
#   CFLAGS, CPPFLAGS and LDFLAGS are used in every line that compiles or links C; hardening is on by default, see below.
#
O ?= build
prefix ?= /usr/local
PYTHON ?= /usr/bin/python3
CLANG ?= clang
OBJCOPY ?= objcopy
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
VERSION := $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' user/marker/python/dcbs_profiler/_version.py)
ARCH := $(shell uname -m)

Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

CFLAGS ?= -O2 -g
warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef $(if $(WERROR),-Werror)
comma := ,
san := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-omit-frame-pointer)
depflags = -MMD -MP
cstd := -std=gnu11 -Iinclude -DDCBS_VERSION='"$(VERSION)"'

# ---- hardening ------------------------------------------------------------------------------------
# The profiler runs with rights and reads what targets have written; the markers run inside evaluations. A compiler that
# lacks an option goes without it. _FORTIFY_SOURCE needs an optimising compiler, sanitizers check more than it does, and a
# builder's own value of it counts.
has_option = $(shell echo 'int x;' | $(CC) $(1) -Werror -x c -c -o /dev/null - 2>/dev/null && echo $(1))
# Asked once, at its first use: the compiler may be installed by `deps` before that.
harden_options = $(eval harden_options := $(foreach o,-fstack-protector-strong -fstack-clash-protection -fcf-protection,$(call has_option,$o)))$(harden_options)
fortify = $(if $(SAN)$(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,\
	$(if $(filter -O1 -O2 -O3 -Os -Ofast,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
harden = $(harden_options) $(fortify)
harden_link := -Wl,-z,relro,-z,now,-z,noexecstack

# ---- packages -------------------------------------------------------------------------------------
# Packages that build it, that test it, and that it is measured against. All are in Debian 12.
packages_build := gcc g++ make pkg-config clang llvm libbpf-dev bpftool libelf-dev libdw-dev zlib1g-dev \
	libjansson-dev libncurses-dev libcapstone-dev libcap-dev libseccomp-dev libbz2-dev python3 python3-dev
packages_test := libcmocka-dev mypy python3-pip zsh fish python3-torch bpftrace tmux procps strace libcap2-bin chromium \
	python3-jsonschema cmark-gfm protobuf-compiler
packages_pythons := mmdebstrap
packages_install := mmdebstrap
packages_fuzz := libclang-rt-14-dev
packages_bench := libbpf-tools lttng-tools liblttng-ust-dev
packages_vm := qemu-system-x86 mmdebstrap e2fsprogs

# The goals that promise to do all their own set-up install before they build.
setup_goals := demo demo-async test test-pythons test-install test-vm bench fuzz
first := $(if $(filter $(setup_goals),$(MAKECMDGOALS)),deps)

.PHONY: all help deps demo demo-async test test-pythons test-install test-vm bench fuzz soak clean
.DEFAULT_GOAL := all
ifneq ($(words $O),1)
$(error O must be a folder without spaces in its path; the source, DESTDIR and prefix may have them)
endif
.DELETE_ON_ERROR:
.SECONDARY:

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

deps:
	$(Q)tests/deps.sh $(packages_build) $(packages_test)
	$(if $(filter test-pythons,$(MAKECMDGOALS)),-$(Q)tests/deps.sh $(packages_pythons))
	$(if $(filter test-install,$(MAKECMDGOALS)),-$(Q)tests/deps.sh $(packages_install))
	$(if $(filter fuzz,$(MAKECMDGOALS)),$(Q)tests/deps.sh $(packages_fuzz))
	$(if $(filter bench,$(MAKECMDGOALS)),-$(Q)tests/deps.sh $(packages_bench))
	$(if $(filter test-vm,$(MAKECMDGOALS)),-$(Q)tests/deps.sh $(packages_vm))

# ---- marker library: runs inside the evaluation ---------------------------------------------------
marker_objs := $(patsubst user/marker/%,$O/marker/%.o,$(basename $(wildcard user/marker/*.c user/marker/threads/*.c user/marker/*.S)))
marker_lib := $O/libdcbs-markers.so
marker_abi := $(shell sed -n 's/^\#define DCBS_ABI[^0-9]*\([0-9]*\).*/\1/p' include/bpfprof/marker_abi.h)

$O/marker/%.o: user/marker/%.c | $(first)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(harden) $(warnings) $(cstd) $(CPPFLAGS) $(depflags) -fPIC -fvisibility=hidden -Iuser/marker -c -o $@ $<

$O/marker/%.o: user/marker/%.S include/bpfprof/marker_abi.h | $(first)
	@mkdir -p $(@D)
	$(call say,AS,$<)$(CC) $(harden_options) -DDCBS_ABI=$(marker_abi) $(CPPFLAGS) $(depflags) -Iuser/marker -c -o $@ $<

$(marker_lib): $(marker_objs) user/marker/markers.map
	$(call say,LD,$@)$(CC) $(harden_link) $(LDFLAGS) -shared -Wl,--version-script=user/marker/markers.map \
		-Wl,-soname,libdcbs-markers.so.1 -o $@ $(marker_objs)
	$(Q)ln -sf libdcbs-markers.so $O/libdcbs-markers.so.1

$O/libdcbs-markers.a: $(marker_objs)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $(marker_objs)

# One extension on the stable ABI for CPython 3.8 and later, with the markers inside.
python_dir := $O/python/dcbs_profiler
python_ext := $(python_dir)/_markers.abi3.so
python_src := $(wildcard user/marker/python/*.c user/marker/python/*/*.c)
python_py := $(patsubst user/marker/python/dcbs_profiler/%,$(python_dir)/%,\
	$(wildcard user/marker/python/dcbs_profiler/*.py user/marker/python/dcbs_profiler/*.pyi user/marker/python/dcbs_profiler/py.typed))
python_objs := $(patsubst user/marker/python/%.c,$O/marker/python/%.o,$(python_src))

$O/marker/python/%.o: user/marker/python/%.c | $(first)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(harden) $(warnings) $(cstd) $(CPPFLAGS) $(depflags) -fPIC -fvisibility=hidden \
		-DPy_LIMITED_API=0x03080000 -Iuser/marker $$(pkg-config --cflags python3) -c -o $@ $<

$(python_ext): $(python_objs) $O/libdcbs-markers.a
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(harden_link) $(LDFLAGS) -shared -Wl,--exclude-libs,ALL -o $@ $^

$(python_dir)/%: user/marker/python/dcbs_profiler/%
	@mkdir -p $(@D)
	$(call say,COPY,$@)cp $< $@

# A library that programs with NVTX ranges load by themselves, with the markers inside.
nvtx_lib := $O/libdcbs-nvtx.so
nvtx_objs := $(patsubst user/marker/%.c,$O/marker/%.o,$(wildcard user/marker/nvtx/*.c))

$(nvtx_lib): $(nvtx_objs) $O/libdcbs-markers.a user/marker/nvtx/nvtx.map
	$(call say,LD,$@)$(CC) $(harden_link) $(LDFLAGS) -shared -Wl,--version-script=user/marker/nvtx/nvtx.map \
		-Wl,-soname,libdcbs-nvtx.so -o $@ $(nvtx_objs) $O/libdcbs-markers.a -pthread

# ---- BPF programs: run in the kernel --------------------------------------------------------------
bpf_src := bpf/programs.bpf.c bpf/flush.bpf.c
bpf_objs := $(patsubst bpf/%.c,$O/bpf/%.o,$(bpf_src))
bpf_arch := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(ARCH)))
skeleton := $O/bpf/bpfprof.skel.h

$O/bpf/%.bpf.o: bpf/%.bpf.c | $(first)
	@mkdir -p $(@D)
	$(call say,BPF,$<)$(CLANG) -target bpf -mcpu=v3 -O2 -g -Wall -Wno-unknown-attributes $(depflags) \
		-D__TARGET_ARCH_$(bpf_arch) -Iinclude -Ibpf $(CPPFLAGS) -I/usr/include/$(ARCH)-linux-gnu -c -o $@ $<

$O/bpf/bpfprof.o: $(bpf_objs)
	$(call say,BPFLD,$@)$(BPFTOOL) gen object $@ $(bpf_objs)

$(skeleton): $O/bpf/bpfprof.o
	$(call say,SKEL,$@)$(BPFTOOL) gen skeleton $< name bpfprof > $@

# ---- the profiler ---------------------------------------------------------------------------------
user_src := $(filter-out user/marker/% user/packaging/% user/cli/options/print_manual.c,$(wildcard user/*.c user/*/*.c user/*/*/*.c))
user_objs := $(patsubst user/%.c,$O/user/%.o,$(user_src)) $O/user/probe-only.o $O/user/cli/options/licenses_text.o
# The library is everything below the command: no option, no terminal, no socket.
program_objs := $(filter $O/user/main.o $O/user/cli/% $O/user/serve/% $O/user/render/live.o $O/user/render/live/%,$(user_objs))
lib_objs := $(filter-out $(program_objs),$(user_objs))
lib_pkgs := libbpf libelf libdw jansson libcap libseccomp
# Of the C++ runtime only the demangler, linked in.
demangler = $$($(CC) -print-file-name=libstdc++.a)
lib_libs = $$(pkg-config --libs $(lib_pkgs)) -lz -lm $(demangler)
libs = $(lib_libs) $$(pkg-config --libs ncursesw)

# What the flame graph carries for the browser, as C strings.
$O/render/%.h: user/render/flame/% | $(first)
	@mkdir -p $(@D)
	$(call say,TEXT,$<)sed '/SPDX/d; s/[\\"]/\\&/g; s/.*/"&\\n"/' $< > $@

# The report's page: its script is one text of several files, and its policy names the script and the style by their hashes.
html_js := $(addprefix user/render/html/page/,base.js table.js ledger.js sections.js timeline.js page_flame.js lists.js page.js)

$O/render/page.js: $(html_js) | $(first)
	@mkdir -p $(@D)
	$(Q)sed '/SPDX/d' $(html_js) > $@

$O/render/page.css: user/render/html/page/page.css | $(first)
	@mkdir -p $(@D)
	$(Q)sed '/SPDX/d' $< > $@

$O/render/page.%.h: $O/render/page.%
	$(call say,TEXT,$<)sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $< > $@

page_hash = $$($(PYTHON) -c 'import base64, hashlib, sys; print(base64.b64encode(hashlib.sha256(open(sys.argv[1], "rb").read()).digest()).decode())' $1)
$O/render/page.hash.h: $O/render/page.js $O/render/page.css
	$(call say,TEXT,$@)printf '\043define PAGE_%s_HASH "sha256-%s"\n' SCRIPT "$(call page_hash,$<)" STYLE "$(call page_hash,$O/render/page.css)" > $@

page_headers := $(addprefix $O/render/page.,js.h css.h hash.h)
$O/user/render/flame/svg.o: $O/render/svg.js.h $O/render/svg.css.h
$O/user/render/html/html.o: $(page_headers)

$O/user/%.o: user/%.c $(skeleton) | $(first)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(san) $(harden) $(warnings) $(cstd) $(CPPFLAGS) $(depflags) -D_GNU_SOURCE -fPIC -Iuser -I$O/bpf -I$O/render -c -o $@ $<

# For the command and the unit tests: all names.
$O/user/all.a: $(filter-out $O/user/main.o,$(user_objs))
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

# For others: one object that exports the names of <dcbs/profiler.h> alone, whatever its users call their own.
$O/user/libbpfprof.o: $(lib_objs) user/libbpfprof.map
	$(call say,LD,$@)$(LD) -r -o $@ $(lib_objs) $(demangler) && sed -n 's/^\t*\(dcbs_[a-z_]*\*\);.*/\1/p' user/libbpfprof.map > $@.names && \
		$(OBJCOPY) --wildcard --keep-global-symbols=$@.names $@

$O/libbpfprof.a: $O/user/libbpfprof.o
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

profiler_lib := $O/libbpfprof.so
$(profiler_lib): $(lib_objs) user/libbpfprof.map
	$(call say,LD,$@)$(CC) $(harden_link) $(LDFLAGS) $(san) -shared -Wl,--version-script=user/libbpfprof.map \
		-Wl,-soname,libbpfprof.so.0 -o $@ $(lib_objs) $(lib_libs)
	$(Q)ln -sf libbpfprof.so $O/libbpfprof.so.0

$O/user/probe-only.o: user/marker/probe.S | $(first)
	@mkdir -p $(@D)
	$(call say,AS,$<)$(CC) $(harden_options) $(CPPFLAGS) $(depflags) -c -o $@ $<

$O/licenses.txt: LICENSE user/packaging/licenses.txt
	@mkdir -p $(@D)
	$(Q)cat $^ > $@

$O/user/cli/options/licenses_text.o: user/cli/options/licenses_text.S $O/licenses.txt | $(first)
	@mkdir -p $(@D)
	$(call say,AS,$<)$(CC) $(harden_options) $(CPPFLAGS) $(depflags) -DLICENSES='"$O/licenses.txt"' -c -o $@ $<

$O/dcbs-bpfprof: $O/user/main.o $O/user/all.a
	$(call say,LD,$@)$(CC) -pie $(harden_link) $(LDFLAGS) $(san) -o $@ $O/user/main.o $O/user/all.a $(libs)

# ---- presets of --sections ------------------------------------------------------------------------
presets := $(patsubst user/presets/%,$O/presets/%,$(wildcard user/presets/*.sections))

$O/presets/%: user/presets/%
	@mkdir -p $(@D)
	$(call say,COPY,$@)cp $< $@

# ---- manual pages ---------------------------------------------------------------------------------
# The list of options is printed from the table that the command itself reads.
manuals := $(patsubst user/docs/%.in,$O/docs/%,$(wildcard user/docs/*.[13].in))

$O/docs/options.roff: $O/user/cli/options/print_manual.o $O/user/all.a
	@mkdir -p $(@D)
	$(call say,TEXT,$@)$(CC) -pie $(harden_link) $(LDFLAGS) $(san) -o $O/user/cli/options/print_manual $^ $(libs) && \
		$O/user/cli/options/print_manual diff > $O/docs/diff_options.roff && $O/user/cli/options/print_manual > $@

$O/docs/%: user/docs/%.in $O/docs/options.roff
	$(call say,TEXT,$@)sed -e 's/@version@/$(VERSION)/' -e '/^@options@$$/{' -e 'r $O/docs/options.roff' -e 'd' -e '}' \
		-e '/^@diff_options@$$/{' -e 'r $O/docs/diff_options.roff' -e 'd' -e '}' $< > $@

# ---- tests ----------------------------------------------------------------------------------------
target_bins := $(addprefix $O/,$(basename $(wildcard tests/targets/*/*.c tests/targets/*/*.cpp)))
unit_bins := $(addprefix $O/,$(basename $(wildcard $(addsuffix .c,$(addprefix tests/unit/,* */* */*/*)))))
tool_bins := $(patsubst tests/tools/%.c,$O/tests/tools/%,$(wildcard tests/tools/*.c))
bench_bins := $(patsubst tests/bench/%.c,$O/tests/bench/%,$(wildcard tests/bench/*.c))

# Programs whose native stacks are sampled.
$O/tests/targets/native/hot $O/tests/targets/native/layers: CFLAGS += -fno-omit-frame-pointer -fno-optimize-sibling-calls

$O/tests/targets/%: tests/targets/%.c $(marker_lib) | $(first)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(warnings) $(cstd) -Itests/targets/lib $(CPPFLAGS) $(depflags) -D_GNU_SOURCE -pthread $(LDFLAGS) -o $@ $< \
		-L$O -Wl,--as-needed -ldcbs-markers -ldl -lseccomp '-Wl,-rpath,$(abspath $O)'

$O/tests/targets/%: tests/targets/%.cpp $(marker_lib) | $(first)
	@mkdir -p $(@D)
	$(call say,CXX,$<)$(CXX) $(CFLAGS) -Wall -Wextra -std=c++17 -Iinclude -Itests/targets/lib $(CPPFLAGS) $(depflags) -pthread $(LDFLAGS) -o $@ $< \
		-L$O -ldcbs-markers '-Wl,-rpath,$(abspath $O)'

$O/tests/unit/%: tests/unit/%.c $O/user/all.a $O/libdcbs-markers.a | $(first)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(san) $(warnings) $(cstd) $(CPPFLAGS) $(depflags) -D_GNU_SOURCE -Iuser -Iuser/marker -I$O/bpf \
		-Itests/unit/lib -pthread $(LDFLAGS) -o $@ $< $O/user/all.a $O/libdcbs-markers.a $(libs) -lcmocka

$O/tests/tools/%: tests/tools/%.c $O/user/all.a | $(first)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(san) $(warnings) $(cstd) $(CPPFLAGS) $(depflags) -D_GNU_SOURCE -Iuser -I$O/bpf -Itests/unit/lib $(LDFLAGS) -o $@ $< \
		$O/user/all.a $(libs)

$O/tests/bench/%: tests/bench/%.c $(marker_lib) | $(first)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(warnings) $(cstd) $(CPPFLAGS) $(depflags) -D_GNU_SOURCE -pthread $(LDFLAGS) -o $@ $< \
		-L$O -ldcbs-markers '-Wl,-rpath,$(abspath $O)' $(if $(findstring lttng,$@),-Itests/bench $$(pkg-config --libs lttng-ust 2>/dev/null))

# ---- fuzzing: the readers of what others write, under libFuzzer ------------------------------------
FUZZ_SECONDS ?= 30
fuzz_flags := -O1 -g -fsanitize=address$(comma)undefined -fno-sanitize-recover=all
fuzz_bpf := $(addprefix $O/fuzz/,read_ring pywalk)		# BPF programs, as host C: words there need not be aligned
fuzz_user := $(addprefix $O/fuzz/,$(filter-out read_ring pywalk,$(basename $(notdir $(wildcard tests/fuzz/*.c)))))
fuzz_objs := $(patsubst user/%.c,$O/fuzz/user/%.o,$(filter-out user/main.c,$(user_src)))

# The fuzzer answers the readers' system calls.
wrap = $(patsubst %,-Wl$(comma)--wrap=%,$1)
$O/fuzz/python: fuzz_link = $(call wrap,process_memory_read nanosleep)
$O/fuzz/elf: fuzz_link = $(call wrap,mapped_files_each mapped_files_each_head target_file_open_mapping_probe target_file_open_named \
	target_file_open_named_probe)
$O/fuzz/records: fuzz_link = $(call wrap,process_memory_read bpf_map_lookup_elem thread_lister_read bpf_map__fd bpf_program__fd \
	bpf_obj_get_info_by_fd bpf_map_get_next_key bpf_object__next_map)

$O/fuzz/user/%.o: user/%.c $(skeleton) | $(first)
	@mkdir -p $(@D)
	$(call say,FUZZ,$<)$(CLANG) $(fuzz_flags) -fsanitize=fuzzer-no-link $(cstd) $(CPPFLAGS) $(depflags) -D_GNU_SOURCE -Iuser -I$O/bpf -I$O/render -c -o $@ $<

$O/fuzz/user/render/flame/svg.o: $O/render/svg.js.h $O/render/svg.css.h
$O/fuzz/user/render/html/html.o: $(page_headers)

$(fuzz_user): $O/fuzz/%: tests/fuzz/%.c $(fuzz_objs) $O/user/probe-only.o $O/user/cli/options/licenses_text.o
	$(call say,FUZZ,$@)$(CLANG) $(fuzz_flags) -fsanitize=fuzzer -Wall -Wextra $(cstd) $(CPPFLAGS) $(depflags) -D_GNU_SOURCE -Iuser -Itests/fuzz -I$O/bpf \
		-pthread $(LDFLAGS) -o $@ $< $(fuzz_objs) $O/user/probe-only.o $O/user/cli/options/licenses_text.o $(fuzz_link) $(libs)

$(fuzz_bpf): $O/fuzz/%: tests/fuzz/%.c | $(first)
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)$(CLANG) $(fuzz_flags) -fno-sanitize=alignment -fsanitize=fuzzer -Wall -Wno-unknown-attributes \
		-Wno-ignored-attributes -Wno-unused-function $(cstd) $(CPPFLAGS) $(depflags) -D__TARGET_ARCH_$(bpf_arch) -Itests/fuzz/host \
		-Itests/fuzz -Ibpf $(LDFLAGS) -o $@ $<

SOAK_SECONDS ?= 1200

include user/packaging/install.mk user/packaging/package.mk

# ---- goals ----------------------------------------------------------------------------------------
all: $O/dcbs-bpfprof $O/libbpfprof.a $(profiler_lib) $(marker_lib) $O/libdcbs-markers.a $(python_ext) $(python_py) $(nvtx_lib) $(manuals) $(presets)

demo: all
	$(Q)tests/demo.sh $O $(PYTHON)

demo-async: all
	$(Q)tests/demo.sh $O $(PYTHON) async

test: all $(target_bins) $(unit_bins) $(tool_bins)
	$(Q)tests/run $O $(PYTHON)

test-pythons: all $(target_bins) $(tool_bins)
	$(Q)tests/pythons.sh $O $(PYTHON)

test-install: | $(first)
	$(Q)tests/install/run $O $(packages_build) build-essential liblzma-dev debhelper dh-python python3-venv python3-pip python3-build

fuzz: $(fuzz_bpf) $(fuzz_user)
	$(Q)tests/fuzz/run $O $(FUZZ_SECONDS)

soak: all $(target_bins)
	$(Q)tests/soak $O $(SOAK_SECONDS)

# Kernels and the root are kept in VM_CACHE, see tests/vm/run.
test-vm: all $(target_bins) $(unit_bins) $(tool_bins)
	$(Q)tests/vm/run $O $(or $(VM_CACHE),$O/vm)

bench: all $(bench_bins) $O/tests/targets/load/busy
	$(Q)tests/bench/run $O $(PYTHON)

clean:
	rm -rf $O

-include $(shell find $O \( -path $O/pythons -o -path $O/vm -o -path $O/install -o -path $O/deb \) -prune -o -type f -name '*.d' -print 2>/dev/null)
