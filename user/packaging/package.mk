# package.mk - what others install or publish: the static program, the packed source, packages of Debian.

# ---- the command in one file ----------------------------------------------------------------------
# Needs the static libraries of Debian's -dev packages. The linker names the archives that it takes from, and the packages
# that own them have their licences.
static_own := $O/static/static_program.o $O/static/search_trees.o
static_objs := $O/static/program.o $(static_own)
static_libs = $$(pkg-config --static --libs $(lib_pkgs) ncursesw capstone) -lz -lm $(demangler)
static_pie := $$(echo 'int main(void) { return 0; }' | $(CC) -static-pie -x c -o /dev/null - 2>/dev/null && echo -static-pie || echo -static)
static_link = $(CC) $(static_pie) $(harden_link) -Wl,--gc-sections $(LDFLAGS)

$O/static/%.o: user/packaging/%.c | $(first)
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(harden) $(warnings) $(cstd) $(CPPFLAGS) $(depflags) -D_GNU_SOURCE -fPIC -Iuser -c -o $@ $<

# One object without names: an archive may have a function of the same name, as libbpf 1.5 has elf_open().
$O/static/program.o: $(filter-out %/capstone_calls.o %/licenses_text.o,$(user_objs))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(LD) -r -o $@ $^ && $(OBJCOPY) --keep-global-symbol=main $@

# The C library's warnings are about modules that it would load: static_program.c forbids that.
$O/static/trace: $(static_objs) $O/user/cli/options/licenses_text.o
	$(Q)$(static_link) -Wl,--trace -o $O/static/traced $^ $(static_libs) > $@ 2> $@.errors || { cat $@.errors >&2; exit 1; }
	$(Q)rm -f $O/static/traced

$O/static/licenses.txt: LICENSE user/packaging/licenses.py $O/static/trace
	$(call say,TEXT,$@)$(PYTHON) user/packaging/licenses.py $O/static/trace > $@.linked && cat LICENSE $@.linked > $@

$O/static/licenses_text.o: user/cli/options/licenses_text.S $O/static/licenses.txt
	$(call say,AS,$<)$(CC) $(harden_options) $(CPPFLAGS) $(depflags) -DLICENSES='"$O/static/licenses.txt"' -c -o $@ $<

$O/static/dcbs-bpfprof: $(static_objs) $O/static/licenses_text.o
	$(call say,LD,$@)$(static_link) -s -o $@ $^ $(static_libs) > $@.errors 2>&1 || { cat $@.errors >&2; exit 1; }

.PHONY: static
static: $O/static/dcbs-bpfprof

# ---- what is published ----------------------------------------------------------------------------
# Source, Python source and static program, with what is in the program, and the digests of all.
release := dcbs-bpfprof-$(VERSION)
dist_program := $(release)-$(ARCH)

.PHONY: dist deb
dist: static
	@rm -rf $O/dist && mkdir -p $O/dist
	$(call say,PACK,$O/dist)$(PYTHON) user/packaging/dist.py $O/dist/$(release).tar.gz
	$(Q)$(PYTHON) -B -c 'import sys; sys.path.insert(0, "user/packaging"); import wheel_backend; wheel_backend.build_sdist(sys.argv[1])' $O/dist
	$(Q)cp $O/static/dcbs-bpfprof $O/dist/$(dist_program)
	$(Q)$(PYTHON) -B user/packaging/sbom.py $O/static/trace $(VERSION) $O/dist/$(dist_program) > $O/dist/$(dist_program).cdx.json
	$(Q)cd $O/dist && sha256sum -- * > SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS && cat SHA256SUMS

# Debian's packages, made from the packed source in $O/deb. Tests are not run: they need rights.
deb: | $(first)
	$(Q)user/packaging/deb.sh $O $(VERSION)
