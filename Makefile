# tug: build, test, install. `make help` lists the targets.
# Object files live in build/<config>-<hash of compiler and flags>/, so configurations never mix.

VERSION := $(shell sed -n 's/^.define TUG_VERSION "\(.*\)"/\1/p' include/tug/tug.h)
# A version that breaks programs has another first number (include/tug/tug.h).
SONAME := libtug.so.$(firstword $(subst ., ,$(VERSION)))
SHARED := libtug.so.$(VERSION)
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
CFLAGS ?= -O2 -g
CONFIG ?= release
PKG_CONFIG ?= pkg-config
# Those of them that the compiler has (tools/compiler-flags.sh); HARDENING= and FORTIFY= leave them
# out.
HARDENING ?= -fstack-protector-strong -fstack-clash-protection -fcf-protection \
  -mbranch-protection=standard
HARDENING_LINK ?= -Wl,-z,relro -Wl,-z,now
FORTIFY ?= $(if $(filter-out -O0,$(lastword $(filter -O%,$(CFLAGS)))),-D_FORTIFY_SOURCE=2)

# $(V)=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-6s %s\n' '$1' '$(patsubst $(CURDIR)/%,%,$@)')

TUG_WARNINGS := -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual -Wstrict-prototypes \
  -Wmissing-prototypes -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wswitch-enum \
  $(if $(WERROR),-Werror)
SANITIZE_address := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SANITIZE_thread := -fsanitize=thread -fno-omit-frame-pointer
TUG_SANITIZE := $(SANITIZE_$(SANITIZE))
PACKAGES := libcurl libssl libcrypto json-c libzstd zlib
# The sanitizers have checks of their own in place of _FORTIFY_SOURCE, and the user's level counts.
FORTIFIED := $(findstring fsanitize,$(TUG_SANITIZE) $(CFLAGS))
FORTIFIED += $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS))
TUG_FORTIFY := $(if $(strip $(FORTIFIED)),,$(FORTIFY))
TUG_CPPFLAGS := -D_GNU_SOURCE $(TUG_FORTIFY) -Iinclude \
  $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
# The folder of the build leaves no trace in what is built.
TUG_CFLAGS = -std=c17 -fPIC -fvisibility=hidden -pthread -ffile-prefix-map=$(CURDIR)=. \
  @$(OBJ)/compile.flags $(TUG_WARNINGS) $(TUG_SANITIZE)
TUG_LDFLAGS = -pthread @$(OBJ)/link.flags $(TUG_SANITIZE)
TUG_LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null)

HASHED := $(CC) $(TUG_SANITIZE) $(HARDENING) $(HARDENING_LINK) $(TUG_FORTIFY) \
  $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)
HASH := $(shell printf '%s' '$(HASHED)' | cksum | cut -d' ' -f1)
OBJ := build/$(CONFIG)-$(HASH)
# Library rooms, in the order of the include arrows.
ROOMS := base toml oci chunked ref trust convert unpack url http hosts auth index store walk plan \
  upkeep tags archive registry pool engine pipeline lookup api
objs = $(patsubst %.c,$(OBJ)/%.o,$1)
LIB_OBJ := $(call objs,$(foreach r,$(ROOMS),$(sort $(wildcard src/$r/*.c))))
CLI_ROOMS := cli lists options display
CLI_OBJ := $(call objs,$(sort $(wildcard $(CLI_ROOMS:%=src/%/*.c))))
SUPPORT_OBJ := $(call objs,$(filter-out tests/support/%_main.c tests/support/test_%.c, \
  $(sort $(wildcard tests/support/*.c))))
UNIT_OBJ := $(call objs,$(sort $(wildcard tests/unit/*/*.c)))
FLOW_OBJ := $(call objs,$(sort $(wildcard tests/flow/*.c)))
OOM_OBJ := $(call objs,$(sort $(wildcard tests/oom/*.c)))
# criterion does not run under ThreadSanitizer, and leaves leaks unseen: builds with PLAIN have a
# plain runner in its place.
PLAIN := $(if $(filter thread,$(SANITIZE)),1)
PLAIN_OBJ := $(if $(PLAIN),$(OBJ)/tests/support/plain/plain.o)
CRITERION := $(if $(PLAIN_OBJ),,-lcriterion)
HEADERS := $(wildcard include/tug/*.h)

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all lib static deps check check-asan check-resume check-store check-newer check-tsan \
  check-oom oom-run test test-programs fuzz fuzz-run bench demo lint format install built \
  uninstall dist clean help FORCE
.SECONDARY:

LIBRARY := $(addprefix build/,libtug.a $(SHARED) $(SONAME) libtug_absent.a tug.pc.in)
COMPLETIONS := $(addprefix build/completions/,tug.bash tug.zsh tug.fish)
all: build/tug $(LIBRARY) $(COMPLETIONS) ## build the command and the libraries

# For targets that call make: in parallel, unless the caller has decided.
JOBS := $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

lib: $(LIBRARY) ## build the libraries only

static: ## build build/tug-static: the command as one file that needs no shared library
	$(Q)third_party/install.sh build static
	$(Q)$(MAKE) --no-print-directory $(JOBS) build/tug-static

deps: ## install the Debian packages for building and testing (as root), or say how
	$(Q)third_party/install.sh build test static

# Room code sees its own tree; the command sees the public headers and its own room only.
$(OBJ)/src/cli/%.o: TUG_INCLUDES := -Isrc/cli -Isrc/lists -Isrc/options -Isrc/display
$(OBJ)/src/lists/%.o: TUG_INCLUDES := -Isrc/lists -Isrc/options -Isrc/display
$(OBJ)/src/options/%.o: TUG_INCLUDES := -Isrc/options -Isrc/display
$(OBJ)/src/display/%.o: TUG_INCLUDES := -Isrc/display
$(OBJ)/src/%.o: TUG_INCLUDES := -Isrc
$(OBJ)/tests/%.o: TUG_INCLUDES := -Isrc -Isrc/lists -Isrc/options -Isrc/display -Itests \
  $(if $(PLAIN),-Itests/support/plain)
# These are compiled more often than they run.
$(OBJ)/tests/unit/%.o $(OBJ)/tests/flow/%.o: TUG_QUICK := $(if $(SANITIZE),,-O0)
# ThreadSanitizer cannot see ck's inline assembly; queue.c tells it what is handed over by hand.
$(OBJ)/src/base/queue.o: TUG_UNSANITIZE := \
  $(if $(filter thread,$(SANITIZE)),-fno-sanitize=thread -DTUG__TSAN)

# The first thing that is made: looks for what is missing, and for what the compiler has.
$(OBJ)/compile.flags:
	$(Q)third_party/find.sh $(PKG_CONFIG) $(CC)
	$(Q)mkdir -p $(@D)
	$(Q)tools/compiler-flags.sh $@ $(CC) -- $(HARDENING)
$(OBJ)/link.flags: | $(OBJ)/compile.flags
	$(Q)tools/compiler-flags.sh $@ $(CC) -- $(HARDENING_LINK)

$(OBJ)/%.o: %.c Makefile | $(OBJ)/link.flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TUG_CPPFLAGS) $(TUG_INCLUDES) $(TUG_CFLAGS) $(TUG_UNSANITIZE) -MMD -MP \
	  $(CPPFLAGS) $(CFLAGS) $(TUG_QUICK) -c -o $@ $<

$(OBJ)/libtug.a: $(LIB_OBJ)
$(OBJ)/libtug.a $(OBJ)/libtug_absent.a $(OBJ)/libcommand.a:
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^

# It exports what src/libtug.map lists: the functions of the public headers.
$(OBJ)/$(SHARED): $(LIB_OBJ) src/libtug.map $(HEADERS)
	$(call say,LINK)
	$(Q)tools/check-symbols.sh
	$(Q)$(CC) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=src/libtug.map \
	  -Wl,--no-undefined-version -Wl,--as-needed $(TUG_LDFLAGS) $(CFLAGS) $(LDFLAGS) \
	  -o $@ $(LIB_OBJ) $(TUG_LIBS)

link = $(CC) $(PIE) -Wl,--as-needed $(TUG_LDFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^)

PIE := -pie
$(OBJ)/tug: $(CLI_OBJ) $(OBJ)/libtug.a
	$(call say,LINK)
	$(Q)$(link) $(TUG_LIBS)

# One file that needs no library. Debian has no static Kerberos, LDAP and RTMP, which libcurl.a
# calls and tug does not: absent.o is in their place. The linker speaks only when it fails: glibc
# has it warn that names are looked up by further libraries when nsswitch.conf wants more than files
# and dns.
ABSENT_LIBS := -lrtmp -lgssapi_krb5 -lldap -llber
# What Debian's static libraries need and do not tell pkg-config.
UNTOLD_LIBS ?= -lunistring -lbrotlicommon
# libarchive, which is loaded when it is needed elsewhere, is linked in by linked.o.
STATIC_LIBS = $(filter-out $(ABSENT_LIBS),$(shell $(PKG_CONFIG) --static --libs $(PACKAGES))) \
  $(UNTOLD_LIBS) -Wl,-u,tug__libarchive_linked -larchive -lzstd -lz
STATIC_OBJ := $(addprefix $(OBJ)/tools/static/,absent.o linked.o)
$(STATIC_OBJ): TUG_INCLUDES := -Isrc
# libyaml is the command's alone.
STATIC_YAML := $(OBJ)/tools/static/linked_yaml.o
$(STATIC_YAML): TUG_INCLUDES := -Isrc/lists
# Programs that are linked with -static and libtug.a need the same, in an archive of its own.
$(OBJ)/libtug_absent.a: $(STATIC_OBJ)
$(OBJ)/tug-static: PIE := -static-pie
$(OBJ)/tug-static: $(CLI_OBJ) $(OBJ)/libtug.a $(STATIC_OBJ) $(STATIC_YAML)
	$(call say,LINK)
	$(Q)$(link) -Wl,--start-group $(STATIC_LIBS) -lyaml -Wl,--end-group 2> $@.log || \
	  { cat $@.log >&2; exit 1; }

include tests/programs.mk
include tests/suites.mk
include tools/packaging/packaging.mk

# What people use lives in build/ under a steady name.
STEADY := $(addprefix build/,tug tug-static libtug.a libtug_absent.a $(SHARED) fake-registry)
$(STEADY): build/%: $(OBJ)/% FORCE
	$(Q)cmp -s $< $@ || cp -f $< $@

build/$(SONAME): build/$(SHARED)
	$(Q)ln -sf $(SHARED) $@

FORCE:

# The pkg-config file without its paths, which install fills in. libpsl.a calls libidn2.a.
build/tug.pc.in: tools/tug.pc.in Makefile
	$(Q)mkdir -p build
	$(Q)sed -e 's|@VERSION@|$(VERSION)|' \
	  -e 's|@STATIC_LIBS@|$(STATIC_LIBS) -lidn2 -lunistring|' $< > $@

# Completions say what the table of options does. RUN: what runs a command for another machine.
build/completions/tug.%: build/tug
	$(Q)mkdir -p $(@D)
	$(Q)$(RUN) build/tug completion $* > $@

built:
	$(Q)for file in tug $(notdir $(LIBRARY)) $(COMPLETIONS:build/%=%); do \
	  test -e build/$$file || \
	    { echo "make install: build/$$file is missing; run 'make' first" >&2; exit 1; }; done

# Installs what is there and compiles nothing, so that root need not.
install: built ## install what make built below DESTDIR and PREFIX (default /usr/local)
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)/tug \
	  $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5
	install -m 755 build/tug $(DESTDIR)$(BINDIR)/tug
	install -m 644 build/libtug.a build/libtug_absent.a $(DESTDIR)$(LIBDIR)
	install -m 755 build/$(SHARED) $(DESTDIR)$(LIBDIR)
	ln -sf $(SHARED) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libtug.so
	sed -e 's|@PREFIX@|$(PREFIX)|;s|@LIBDIR@|$(LIBDIR)|;s|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	  build/tug.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/tug.pc
	chmod 644 $(DESTDIR)$(LIBDIR)/pkgconfig/tug.pc
	install -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/tug
	install -m 644 man/*.1 $(DESTDIR)$(MANDIR)/man1
	install -m 644 man/*.5 $(DESTDIR)$(MANDIR)/man5
	tools/man3.sh install $(DESTDIR)$(MANDIR)/man3
	install -d $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR)
	install -m 644 build/completions/tug.bash $(DESTDIR)$(BASHDIR)/tug
	install -m 644 build/completions/tug.zsh $(DESTDIR)$(ZSHDIR)/_tug
	install -m 644 build/completions/tug.fish $(DESTDIR)$(FISHDIR)/tug.fish

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(BINDIR)/tug $(DESTDIR)$(LIBDIR)/pkgconfig/tug.pc
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,libtug.a libtug_absent.a)
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,$(SHARED) $(SONAME) libtug.so)
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man1/,$(notdir $(wildcard man/*.1)))
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(wildcard man/*.5)))
	rm -f $(addprefix $(DESTDIR)$(INCLUDEDIR)/tug/,$(notdir $(HEADERS)))
	rm -f $(DESTDIR)$(BASHDIR)/tug $(DESTDIR)$(ZSHDIR)/_tug $(DESTDIR)$(FISHDIR)/tug.fish
	tools/man3.sh uninstall $(DESTDIR)$(MANDIR)/man3
	-rmdir $(DESTDIR)$(INCLUDEDIR)/tug

dist: ## make tug-VERSION.tar.gz out of what is committed
	git archive --format=tar.gz --prefix=tug-$(VERSION)/ -o tug-$(VERSION).tar.gz HEAD

clean: ## remove build/
	rm -rf build

help: ## show the targets
	$(Q)sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' \
	  Makefile tests/suites.mk tools/packaging/packaging.mk | expand -t 18

# What each object was made of, whichever program it is for.
-include $(wildcard $(OBJ)/*/*/*.d $(OBJ)/*/*/*/*.d)
