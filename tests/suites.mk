# Part of the Makefile: targets that test, measure and check. README.md of this folder says what
# each of them runs.

test-programs: $(TEST_PROGRAMS)

# Built in parallel, then suites, which look for time themselves.
build_then = $(MAKE) --no-print-directory $(JOBS) WERROR=1 $1 all test-programs && \
  $(MAKE) --no-print-directory WERROR=1 $1
SUITES_OF_TEST := support unit stress fuzz flow cli real net static batch resume store
ASAN := CONFIG=asan SANITIZE=address CFLAGS='-O1 -g'
TSAN := CONFIG=tsan SANITIZE=thread CFLAGS='-O1 -g'
OOM := CONFIG=oom SANITIZE=address PLAIN=1 WERROR=1 CFLAGS='-O1 -g'

check: ## install what is missing, build, run all tests
	$(Q)third_party/install.sh build test static
	$(Q)$(call build_then) test

test: $(TEST_PROGRAMS) ## run all tests with what is installed
	$(Q)tests/run.sh $(OBJ) $(or $(SUITES),$(SUITES_OF_TEST))

check-asan: ## the tests without bounds in time under AddressSanitizer and UBSan
	$(Q)third_party/install.sh build test
	$(Q)$(call build_then,$(ASAN)) TEST_JOBS=2 SUITES='support unit fuzz flow net' test

check-tsan: ## the same under ThreadSanitizer, with the stress drivers
	$(Q)third_party/install.sh build test
	$(Q)$(call build_then,$(TSAN)) TEST_JOBS=2 SUITES='unit stress flow net prune' test

check-resume: ## the long form of suite resume: hundreds of interruptions, every fault (10 minutes)
	$(Q)third_party/install.sh build test static
	$(Q)export RESUME_FORM=full; $(call build_then) SUITES=resume test

check-store: ## the long form of suite store, prune also under ThreadSanitizer (10 minutes)
	$(Q)third_party/install.sh build test
	$(Q)export RESUME_FORM=full; $(call build_then) SUITES=store test
	$(Q)export RESUME_FORM=full; $(call build_then,$(TSAN)) SUITES=prune test

check-newer: ## what needs programs of a newer Debian, in a chroot that it makes; as root
	$(Q)third_party/install.sh build test newer
	$(Q)$(build_then) SUITES=newer test

check-oom: ## fail each allocation in turn, of parsers and of whole fetches, under AddressSanitizer
	$(Q)third_party/install.sh build test
	$(Q)$(MAKE) --no-print-directory $(OOM) oom-run

oom-run: $(OBJ)/oom-tests
	$(Q)tests/run.sh $(OBJ) oom

FUZZ_SECONDS ?= 30
fuzz: ## fuzz each parser for FUZZ_SECONDS
	$(Q)third_party/install.sh build lint fuzz
	$(Q)$(MAKE) --no-print-directory CONFIG=fuzz CC=clang \
	  CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined' FUZZ_SECONDS=$(FUZZ_SECONDS) \
	  fuzz-run

fuzz-run: $(OBJ)/libcommand.a $(OBJ)/libtug.a
	$(Q)for parser in $(FUZZED); do echo "  FUZZ   $$parser"; \
	  $(CC) $(TUG_CPPFLAGS) -Isrc $(CFLAGS) -fsanitize=fuzzer,address,undefined \
	    -o $(OBJ)/fuzz-$$parser tests/fuzz/fuzz_$$parser.c $(OBJ)/libcommand.a $(OBJ)/libtug.a \
	    $(TUG_LIBS) && \
	  mkdir -p $(OBJ)/corpus/$$parser tests/fuzz/found/$$parser && \
	  $(OBJ)/fuzz-$$parser -max_total_time=$(FUZZ_SECONDS) -verbosity=0 \
	    -artifact_prefix=tests/fuzz/found/$$parser/ \
	    $(OBJ)/corpus/$$parser tests/fuzz/seeds/$$parser || exit 1; done

# BENCH_CASES="layer1g layers7": only these; BENCH_ROUNDS: runs of each program; BENCH_MAX_BLOB=1G:
# where disk is short; BENCH_BEFORE=FILE: an earlier build, in turn with this one; BENCH_PEERS="":
# without the peers; BENCH_SUITE="": with those that are installed, not with those of a newer Debian
BENCHED := tug tug-static fake-registry delay-proxy long-link make-store
bench: ## measure against the limit of the machine and the fastest peers; results in build/bench/
	$(Q)third_party/install.sh build test static bench
	$(Q)$(MAKE) --no-print-directory all $(addprefix $(OBJ)/,$(BENCHED)) $(BENCH_PROGRAMS)
	$(Q)tests/bench/run.sh $(OBJ)

demo: ## make an image, serve it from a loopback registry, fetch it, interrupt and resume, verify
	$(Q)third_party/install.sh build demo
	$(Q)$(MAKE) --no-print-directory $(JOBS) all $(OBJ)/fake-registry
	$(Q)TUG=build/tug FAKE_REGISTRY=$(OBJ)/fake-registry tools/demo.sh

lint: ## formatting, static analysis, rules of the house
	$(Q)third_party/install.sh build lint test
	$(Q)tools/lint.sh

format: ## reformat all C files
	$(Q)clang-format -i $$(git ls-files -co --exclude-standard '*.[ch]')
