# install.mk - make install, uninstall and install-python. The usual variables say where; each may hold spaces.

bindir ?= $(prefix)/bin
libdir ?= $(prefix)/lib
includedir ?= $(prefix)/include
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
docdir ?= $(datadir)/doc/dcbs-bpfprof
pkgconfigdir ?= $(libdir)/pkgconfig
bashdir ?= $(datadir)/bash-completion/completions
zshdir ?= $(datadir)/zsh/site-functions
fishdir ?= $(datadir)/fish/vendor_completions.d
INSTALL ?= install

# Below libdir, which packages split in two.
libraries_run := libdcbs-markers.so.1 libbpfprof.so.0
libraries_build := libdcbs-markers.so libbpfprof.so libdcbs-markers.a libbpfprof.a
pkgconfigs := dcbs-markers.pc libbpfprof.pc
manuals_1 = $(filter %.1,$(manuals))
manuals_3 = $(filter %.3,$(manuals))
schemas := user/docs/json.schema.json user/docs/summary.schema.json
headers := $(wildcard include/dcbs/*.h)
documents := README.md NEWS.md LICENSE LICENSE.GPL-2.0 $(wildcard user/docs/*.md)

# $(call put,MODE,FILES,FOLDER)
put = $(INSTALL) -d "$(DESTDIR)$3" && $(INSTALL) -m $1 $2 "$(DESTDIR)$3"
# $(call away,FOLDER,NAMES)
away = rm -f $(foreach name,$2,"$(DESTDIR)$1/$(name)")

.PHONY: install uninstall install-python
install: all
	$(call put,755,$O/dcbs-bpfprof,$(bindir))
	$(INSTALL) -d "$(DESTDIR)$(libdir)" "$(DESTDIR)$(pkgconfigdir)"
	$(INSTALL) -m 644 $O/libdcbs-markers.so "$(DESTDIR)$(libdir)/libdcbs-markers.so.1"
	ln -sf libdcbs-markers.so.1 "$(DESTDIR)$(libdir)/libdcbs-markers.so"
	$(INSTALL) -m 644 $O/libbpfprof.so "$(DESTDIR)$(libdir)/libbpfprof.so.0"
	ln -sf libbpfprof.so.0 "$(DESTDIR)$(libdir)/libbpfprof.so"
	$(call put,644,$(nvtx_lib),$(libdir))
	$(call put,644,$O/libdcbs-markers.a $O/libbpfprof.a,$(libdir))
	$(call put,644,$(manuals_1),$(mandir)/man1)
	$(call put,644,$(manuals_3),$(mandir)/man3)
	$(call put,644,$(headers),$(includedir)/dcbs)
	$(call put,644,$(schemas) $(presets),$(datadir)/dcbs-bpfprof)
	$(call put,644,$(documents) $O/licenses.txt,$(docdir))
	$(INSTALL) -d "$(DESTDIR)$(bashdir)"
	$(INSTALL) -m 644 user/packaging/completions/dcbs-bpfprof.bash "$(DESTDIR)$(bashdir)/dcbs-bpfprof"
	$(call put,644,user/packaging/completions/_dcbs-bpfprof,$(zshdir))
	$(call put,644,user/packaging/completions/dcbs-bpfprof.fish,$(fishdir))
	for pc in user/marker/dcbs-markers.pc user/libbpfprof.pc; do \
		sed 's|@prefix@|$(prefix)|; s|@libdir@|$(libdir)|; s|@includedir@|$(includedir)|; s|@version@|$(VERSION)|' $$pc.in \
			> "$(DESTDIR)$(pkgconfigdir)/$${pc##*/}" || exit 1; \
	done
	@test -n "$(DESTDIR)" || PATH=$$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | grep -qF "$(libdir)/libdcbs-markers.so.1" || \
		echo 'Programs find the libraries in $(libdir) after `ldconfig` (as root), or with LD_LIBRARY_PATH=$(libdir).'

# Folders of ours that are empty go as well; those that others may use stay.
uninstall:
	$(call away,$(bindir),dcbs-bpfprof)
	$(call away,$(libdir),$(libraries_run) $(libraries_build) $(notdir $(nvtx_lib)))
	$(call away,$(pkgconfigdir),$(pkgconfigs))
	$(call away,$(mandir)/man1,$(notdir $(manuals_1)))
	$(call away,$(mandir)/man3,$(notdir $(manuals_3)))
	$(call away,$(includedir)/dcbs,$(notdir $(headers)))
	$(call away,$(datadir)/dcbs-bpfprof,$(notdir $(schemas) $(presets)))
	$(call away,$(docdir),$(notdir $(documents)) licenses.txt)
	$(call away,$(bashdir),dcbs-bpfprof)
	$(call away,$(zshdir),_dcbs-bpfprof)
	$(call away,$(fishdir),dcbs-bpfprof.fish)
	for folder in "$(includedir)/dcbs" "$(datadir)/dcbs-bpfprof" "$(docdir)"; do \
		test ! -d "$(DESTDIR)$$folder" || rmdir --ignore-fail-on-non-empty "$(DESTDIR)$$folder" || exit 1; \
	done

install-python: all
	site=$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("purelib"))') && \
	$(INSTALL) -d "$(DESTDIR)$$site/dcbs_profiler" && $(INSTALL) -m 644 $(python_ext) $(python_py) "$(DESTDIR)$$site/dcbs_profiler"
