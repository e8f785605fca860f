# Part of the Makefile: the programs that tests and the bench are made of. One recipe links them
# all.

FUZZED := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
RESUMED := $(patsubst tests/resume/%_main.c,%,$(wildcard tests/resume/*_main.c))
STRESSED := $(patsubst tests/stress/stress_%.c,%,$(wildcard tests/stress/stress_*.c))
TOOLS := $(addprefix $(OBJ)/,fake-registry token-server presign parrot delay-proxy long-link \
  make-store make-tar make-toc)
BENCH_PROGRAMS := $(addprefix $(OBJ)/bench-,limit measure first-request layer)
CASES := $(addprefix $(OBJ)/,support-test unit-tests flow-tests)
REPLAYS := $(addprefix $(OBJ)/replay-,$(FUZZED))
RESUMES := $(addprefix $(OBJ)/resume-,$(RESUMED))
STRESSES := $(addprefix $(OBJ)/stress-,$(STRESSED))

$(OBJ)/fake-registry: $(OBJ)/tests/support/fake_registry_main.o $(SUPPORT_OBJ)
$(OBJ)/token-server: $(OBJ)/tests/support/token_server_main.o $(SUPPORT_OBJ)
$(OBJ)/presign: $(OBJ)/tests/support/presign_main.o $(SUPPORT_OBJ)
$(OBJ)/parrot: $(OBJ)/tests/support/parrot_main.o $(SUPPORT_OBJ)
$(OBJ)/delay-proxy: $(OBJ)/tests/support/delay_proxy_main.o
$(OBJ)/long-link: $(OBJ)/tests/support/long_link_main.o
$(OBJ)/make-store: $(OBJ)/tests/support/make_store_main.o $(OBJ)/libtug.a
$(OBJ)/make-tar: $(OBJ)/tests/support/make_tar_main.o
$(OBJ)/make-toc: $(OBJ)/tests/support/make_toc_main.o $(SUPPORT_OBJ)
# What `make bench` measures with, and the limit it measures against.
$(OBJ)/bench-limit: $(OBJ)/tests/bench/limit.o
$(OBJ)/bench-measure: $(OBJ)/tests/bench/measure.o
$(OBJ)/bench-first-request: $(OBJ)/tests/bench/first_request.o
$(OBJ)/bench-layer: $(OBJ)/tests/bench/layer_tar.o
$(OBJ)/support-test: $(call objs,$(wildcard tests/support/test_*.c)) $(SUPPORT_OBJ)
# The unit tests link all files of the command but its main.
CLI_TESTED := $(filter-out %/main.o,$(CLI_OBJ))
$(OBJ)/libcommand.a: $(CLI_TESTED)
$(OBJ)/unit-tests: $(UNIT_OBJ) $(CLI_TESTED) $(SUPPORT_OBJ) $(PLAIN_OBJ) $(OBJ)/libtug.a
$(OBJ)/flow-tests: $(FLOW_OBJ) $(SUPPORT_OBJ) $(PLAIN_OBJ) $(OBJ)/libtug.a
OOM_SCENES := $(call objs,$(addprefix tests/flow/,flow.c flow_store.c keeper.c registry.c))
$(OBJ)/oom-tests: $(OOM_OBJ) $(OOM_SCENES) $(SUPPORT_OBJ) $(PLAIN_OBJ) $(OBJ)/libtug-oom.a
$(OBJ)/unit-tests $(OBJ)/flow-tests $(OBJ)/oom-tests: TUG_RUNNER := $(CRITERION)
# Each fuzzed parser as a program that replays files; with clang, `make fuzz` makes the fuzzers.
$(REPLAYS): $(OBJ)/replay-%: $(OBJ)/tests/fuzz/fuzz_%.o $(OBJ)/tests/fuzz/replay_main.o \
  $(OBJ)/libcommand.a $(OBJ)/libtug.a
# Each stress program: many seeds of one scene with many threads.
$(STRESSES): $(OBJ)/stress-%: $(OBJ)/tests/stress/stress_%.o $(SUPPORT_OBJ) $(OBJ)/libtug.a
RESUME_OBJ := $(call objs,$(filter-out %_main.c,$(wildcard tests/resume/*.c)))
$(RESUMES): $(OBJ)/resume-%: $(OBJ)/tests/resume/%_main.o $(RESUME_OBJ) $(SUPPORT_OBJ)

$(TOOLS) $(BENCH_PROGRAMS) $(CASES) $(OBJ)/oom-tests $(REPLAYS) $(RESUMES) $(STRESSES):
	$(call say,LINK)
	$(Q)$(link) $(TUG_RUNNER) $(TUG_LIBS)

# The out-of-memory tests' library: its own allocations, and no others, are the tests'.
$(OBJ)/libtug-oom.a: $(OBJ)/libtug.a tests/oom/redefine.txt
	$(call say,COPY)
	$(Q)objcopy --redefine-syms=tests/oom/redefine.txt $< $@

$(OBJ)/store-calls.so: $(OBJ)/tests/resume/preload/store_calls.o
	$(call say,LINK)
	$(Q)$(CC) -shared -o $@ $^

# The static file is linked only where a suite runs it.
TESTED_STATIC := $(if $(TUG_SANITIZE)$(filter-out static,$(SUITES)),,tug-static)
TEST_PROGRAMS := $(TOOLS) $(CASES) $(REPLAYS) $(RESUMES) $(STRESSES) \
  $(addprefix $(OBJ)/,tug store-calls.so $(TESTED_STATIC))
