# jiaoban: one flat makefile. `make help` lists the targets.
#
# Sources are found by wildcard: adding a .c, .proto, .po or test needs no edit here. Everything
# that is generated goes below $(BUILD); only `install` writes anywhere else. pkg-config is asked
# when a recipe first needs it, never while parsing, so that `make demo` and `make test` can begin
# on a machine without any of the packages.

VERSION := 0.1.0
SOVERSION := 0

# ---- what may be set on the command line -------------------------------------------------------
# CC, CFLAGS, LDFLAGS   as usual; added after our own flags
# SANITIZE              for example address,undefined; builds in build/asan unless BUILD is given
# DEBUG=1               no optimisation; builds in build/debug unless BUILD is given
# WERROR=               (empty) lets warnings of a newer compiler pass
# PREFIX, DESTDIR       where `install` puts things

ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
BUILD ?= build$(if $(SANITIZE),/asan)$(if $(DEBUG),/debug)
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
WERROR ?= -Werror
V ?=

BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share/jiaoban
LOCALEDIR ?= $(PREFIX)/share/locale
UNITDIR ?= $(PREFIX)/lib/systemd/system

comma := ,

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:

comma := ,
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$(patsubst $(BUILD)/%,%,$(2))')

# ---- flags -------------------------------------------------------------------------------------
# libuv and friends are linked with --as-needed: a program names only what its objects use.
PACKAGES := libzmq libprotobuf-c sqlite3 libuv libsodium inih smartcols libsystemd \
            libmicrohttpd jansson libzip expat libpq libcurl
# Its .pc file asks for the headers of zlib, which nobody here needs.
OTHER_LIBS := -lxlsxwriter

# Ask once, at the first use inside a recipe.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(patsubst -I%,-isystem %,$$(shell pkg-config --cflags $(PACKAGES))))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PACKAGES)) $(OTHER_LIBS))$(PKG_LIBS)

ARCH := $(shell uname -m)
X86 := $(filter x86_64 i686,$(ARCH))

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla
HARDEN := -fstack-protector-strong -fstack-clash-protection $(if $(X86),-fcf-protection)
# _FORTIFY_SOURCE needs the optimiser and hides calls from the sanitizers' interceptors.
FORTIFY := $(if $(SANITIZE)$(DEBUG),,-D_FORTIFY_SOURCE=2)
OPTIMISE := $(if $(DEBUG),-O0 -g3,$(if $(SANITIZE),-O1 -g,-O2 -g))
SANITIZER := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
             -fno-omit-frame-pointer)

DEFINES := -D_GNU_SOURCE -DJB_VERSION_TEXT='"$(VERSION)"' -DJB_LOCALEDIR='"$(LOCALEDIR)"' \
           -DJB_DATADIR='"$(DATADIR)"'
SEARCH := -I. -isystem $(BUILD)/gen
# What the compiler and the linters must agree on.
LANGUAGE_FLAGS := -std=c11 $(DEFINES) $(SEARCH)
OUR_CFLAGS := $(LANGUAGE_FLAGS) $(OPTIMISE) $(FORTIFY) $(HARDEN) $(SANITIZER)
OUR_LDFLAGS := $(SANITIZER) -Wl,-z,relro,-z,now -Wl,--as-needed

# ---- sources and what becomes of them ----------------------------------------------------------
# WITHOUT leaves sources out of a build, for example WITHOUT='daemon/% clients/%'.
sources = $(filter-out $(WITHOUT),$(wildcard $(1)))
SCHEMAS := $(wildcard proto/schema/*.proto)
PROTO_SRC := $(call sources,proto/base/*.c proto/rules/*.c proto/wire/*.c proto/ledger/*.c)
DAEMON_SRC := $(call sources,daemon/*.c)
AGENT_SRC := $(call sources,clients/agent/*.c)
CLIENT_SRC := $(call sources,clients/lib/*.c)
REPORT_SRC := $(call sources,clients/report/*.c)
CLI_SRC := $(call sources,clients/cli/*.c)
GATEWAY_SRC := $(call sources,clients/gateway/*.c)
EXCHANGE_SRC := $(call sources,clients/gateway/adapters/*.c)
UNIT_SRC := $(call sources,tests/unit/*_test.c)
UNIT_SHARED_SRC := $(filter-out $(UNIT_SRC),$(call sources,tests/unit/*.c))
MODEL_SRC := $(call sources,tests/model/*.c)
TOOL_SRC := $(call sources,tests/tools/*.c)
DEMO_SRC := $(call sources,tests/demo/*.c)
BENCH_SRC := $(call sources,tests/bench/*.c)
LOAD_SRC := $(call sources,tests/bench/load/*.c)
LOAD_PROGRAMS := $(addprefix $(BUILD)/tests/bench/,load-jiaoban load-agents grow due crowd ask load-floor load-bare floor-broker synccount.so \
                 nocurve.so)
LOAD_SYSTEMS_SRC := $(call sources,tests/bench/jiaoban/*.c tests/bench/floor/*.c tests/bench/synccount/*.c tests/bench/nocurve/*.c)
PEERS_SRC := $(call sources,tests/bench/peers/*.c)
PEERS := $(PEERS_SRC:tests/bench/peers/%.c=$(BUILD)/tests/bench/load-%)
REPLAY_SRC := $(call sources,tests/replay/*.c)
CHAOS_SRC := $(call sources,tests/chaos/*.c)
FUZZ_SRC := $(call sources,tests/fuzz/*_fuzz.c)
FUZZ_SHARED_SRC := $(filter-out $(FUZZ_SRC) %/replay.c %/seed.c,$(call sources,tests/fuzz/*.c))
LANGUAGES := $(patsubst clients/cli/po/%.po,%,$(wildcard clients/cli/po/*.po))

OUR_SRC := $(PROTO_SRC) $(DAEMON_SRC) $(AGENT_SRC) $(CLIENT_SRC) $(REPORT_SRC) $(CLI_SRC) $(GATEWAY_SRC) $(EXCHANGE_SRC) \
           $(UNIT_SRC) $(UNIT_SHARED_SRC) $(MODEL_SRC) $(TOOL_SRC) $(DEMO_SRC) $(BENCH_SRC) $(LOAD_SRC) \
           $(LOAD_SYSTEMS_SRC) $(REPLAY_SRC) \
           $(CHAOS_SRC) $(call sources,tests/fuzz/*.c)
OUR_HEADERS := $(wildcard proto/*/*.h daemon/*.h clients/*/*.h clients/gateway/*/*.h tests/unit/*.h tests/model/*.h tests/tools/*.h \
               tests/bench/*/*.h tests/demo/*.h tests/replay/*.h tests/chaos/*.h tests/fuzz/*.h)
PUBLIC_HEADERS := $(wildcard clients/lib/jiaoban*.h)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
GEN_C := $(SCHEMAS:%.proto=$(BUILD)/gen/%.pb-c.c)
GEN_H := $(GEN_C:.c=.h)
GEN_OBJ := $(GEN_C:.c=.o)
PYTHON_SCHEMAS := $(SCHEMAS:%.proto=$(BUILD)/python/%_pb2.py)

PROGRAMS := $(if $(DAEMON_SRC),$(BUILD)/jiaoband) $(if $(AGENT_SRC),$(BUILD)/jiaoban-agent) \
            $(if $(CLI_SRC),$(BUILD)/jiaoban) $(if $(GATEWAY_SRC),$(BUILD)/jiaoban-gateway) \
            $(if $(EXCHANGE_SRC),$(BUILD)/jiaoban-exchange)
CLIENT_LIBS := $(if $(CLIENT_SRC),$(BUILD)/libjiaoban.so $(BUILD)/libjiaoban.a \
               $(BUILD)/jiaoban.pc)
LOCALES := $(LANGUAGES:%=$(BUILD)/locale/%/LC_MESSAGES/jiaoban.mo)
UNIT_TESTS := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/tests/%)
WALK := $(if $(MODEL_SRC),$(BUILD)/tests/model/walk)
TOOLS := $(TOOL_SRC:%.c=$(BUILD)/%)
PLAY := $(if $(DEMO_SRC),$(BUILD)/tests/demo/play)
LOAD_SRC := $(call sources,tests/bench/load/*.c)
LOAD_SYSTEMS_SRC := $(call sources,tests/bench/jiaoban/*.c)
BENCHES := $(BENCH_SRC:%.c=$(BUILD)/%) $(LOAD_PROGRAMS)
REPLAY := $(if $(REPLAY_SRC),$(BUILD)/tests/replay/replay)
POWERCUT := $(if $(CHAOS_SRC),$(BUILD)/tests/chaos/powercut.so)
FUZZERS := $(FUZZ_SRC:tests/fuzz/%_fuzz.c=$(BUILD)/tests/fuzz/%)

# The web console, where there is Node.js; CONSOLE= leaves it out. Once is enough: not with other flags.
CONSOLE ?= $(if $(SANITIZE)$(DEBUG)$(WITHOUT)$(filter console,$(MAKECMDGOALS)),,$(if $(shell command -v npm),console-if-it-can))

# ---- the main targets --------------------------------------------------------------------------
.PHONY: all programs tests tools help
all: programs $(CLIENT_LIBS) $(LOCALES) $(PLAY) $(CONSOLE) ## build programs, libjiaoban, translations, with Node.js the console (default)
programs: $(PROGRAMS)
tests: all $(UNIT_TESTS) $(WALK) $(TOOLS) $(PLAY) $(BENCHES) $(REPLAY) $(POWERCUT) $(FUZZERS) \
       $(PYTHON_SCHEMAS) ## build everything the tests need
tools: $(TOOLS)
# Every source and the programs, for a compiler whose warnings are wanted and nothing else.
.PHONY: objects
objects: $(call obj,$(OUR_SRC)) programs

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1|\2/p' Makefile | \
	    while IFS='|' read -r name text; do printf '%-16s %s\n' "$$name" "$$text"; done
	@printf '%-16s %s\n' '  unit-NAME' 'build and run tests/unit/NAME_test.c alone'
	@echo '  variables: BUILD CC DEBUG=1 SANITIZE=address,undefined PREFIX DESTDIR V=1'

# ---- generated code ----------------------------------------------------------------------------
# One run writes both files; the empty recipe ties the header to the source.
$(BUILD)/gen/%.pb-c.c: %.proto $(SCHEMAS)
	$(call say,PROTO,$<)
	@mkdir -p $(BUILD)/gen
	$(Q)protoc-c -I. --c_out=$(BUILD)/gen $<
$(BUILD)/gen/%.pb-c.h: $(BUILD)/gen/%.pb-c.c ;

# For the independent Python node in tests/: import proto.schema.NAME_pb2 with this on PYTHONPATH.
$(BUILD)/python/%_pb2.py: %.proto $(SCHEMAS)
	$(call say,PROTO,$@)
	@mkdir -p $(BUILD)/python
	$(Q)protoc -I. --python_out=$(BUILD)/python $<

# The contract inside of the gateway: it serves what it was built with.
$(BUILD)/gen/contract.c: clients/gateway/openapi.yaml
	$(call say,EMBED,$<)
	@mkdir -p $(@D)
	@{ printf '#include "clients/gateway/contract.h"\nconst unsigned char jb_gw_contract[] = {\n'; \
	    od -An -v -tu1 $< | sed 's/ *\([0-9][0-9]*\)/\1,/g'; \
	    printf '};\nconst size_t jb_gw_contract_bytes = sizeof jb_gw_contract;\n'; } > $@
$(BUILD)/gen/contract.o: $(BUILD)/gen/contract.c $(BUILD)/flags
	@$(CC) $(OUR_CFLAGS) -fPIE $(WARNINGS) $(WERROR) $(CFLAGS) -c -o $@ $<

# ---- compile -----------------------------------------------------------------------------------
# Rewritten only when the flags change, so that changing them rebuilds what they affect.
FLAGS_NOW := $(CC) $(OUR_CFLAGS) $(WARNINGS) $(WERROR) $(CFLAGS) $(LDFLAGS)
.PHONY: force
$(BUILD)/flags: force
	@mkdir -p $(BUILD)
	@printf '%s\n' $(foreach f,$(subst ",,$(subst ',,$(FLAGS_NOW))),'$f') > $@.$$$$; \
	    if cmp -s $@.$$$$ $@; then rm -f $@.$$$$; else mv $@.$$$$ $@; fi

# What ends up in libjiaoban.so must be position independent; hidden unless the header says public.
$(BUILD)/obj/proto/% $(BUILD)/gen/% $(BUILD)/obj/clients/lib/%: POSITION := -fPIC -fvisibility=hidden
$(BUILD)/obj/tests/chaos/%: POSITION := -fPIC
POSITION := -fPIE

# -MD rather than -MMD: the generated headers are "system" headers and must be tracked too.
$(BUILD)/obj/%.o: %.c $(BUILD)/flags | $(GEN_H)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(OUR_CFLAGS) $(POSITION) $(WARNINGS) $(WERROR) $(PKG_CFLAGS) $(MORE_CFLAGS) $(CFLAGS) \
	    -MD -MP -c -o $@ $<

$(BUILD)/gen/%.pb-c.o: $(BUILD)/gen/%.pb-c.c $(BUILD)/flags | $(GEN_H)
	$(call say,CC,$<)
	$(Q)$(CC) $(OUR_CFLAGS) $(POSITION) -w $(PKG_CFLAGS) $(CFLAGS) -MD -MP -c -o $@ $<

# ---- archives ----------------------------------------------------------------------------------
# The in-tree archives hold everything but the main.c files; members that nobody needs drop out.
# They depend on the list of members too, so that a removed source leaves the archive.
objects-of = $(call obj,$(filter-out %/main.c,$(1)))
$(BUILD)/libjbproto.a: $(call obj,$(PROTO_SRC)) $(GEN_OBJ)
$(BUILD)/libjbdaemon.a: $(call objects-of,$(DAEMON_SRC))
$(BUILD)/libjbagent.a: $(call objects-of,$(AGENT_SRC))
$(BUILD)/libjbclient.a: $(call obj,$(CLIENT_SRC))
$(BUILD)/libjbreport.a: $(call obj,$(REPORT_SRC))
$(BUILD)/libjbcli.a: $(call objects-of,$(CLI_SRC))
$(BUILD)/libjbgateway.a: $(call objects-of,$(GATEWAY_SRC)) $(BUILD)/gen/contract.o
$(BUILD)/libjbexchange.a: $(call objects-of,$(EXCHANGE_SRC))
$(BUILD)/libjbtest.a: $(call obj,$(UNIT_SHARED_SRC))

ARCHIVES := $(addprefix $(BUILD)/,libjbproto.a libjbdaemon.a libjbagent.a libjbclient.a \
            libjbreport.a libjbcli.a libjbgateway.a libjbexchange.a libjbtest.a libjbfuzz.a)
$(ARCHIVES): $(BUILD)/sources
	$(call say,AR,$@)
	@rm -f $@
	$(Q)ar rcsD $@ $(filter %.o,$^)

$(BUILD)/sources: force
	@mkdir -p $(BUILD)
	@printf '%s\n' $(OUR_SRC) $(SCHEMAS) > $@.$$$$; \
	    if cmp -s $@.$$$$ $@; then rm -f $@.$$$$; else mv $@.$$$$ $@; fi

# ---- programs ----------------------------------------------------------------------------------
link = $(CC) $(OUR_LDFLAGS) $(LDFLAGS) -pie -o $@ $(filter %.o,$^) \
       -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(PKG_LIBS)

$(BUILD)/jiaoband: $(call obj,daemon/main.c) $(BUILD)/libjbdaemon.a $(BUILD)/libjbproto.a
$(BUILD)/jiaoban-agent: $(call obj,clients/agent/main.c) $(BUILD)/libjbagent.a \
                        $(BUILD)/libjbproto.a
$(BUILD)/jiaoban: $(call obj,clients/cli/main.c) $(BUILD)/libjbcli.a $(BUILD)/libjbreport.a \
                  $(BUILD)/libjbclient.a $(BUILD)/libjbproto.a
$(BUILD)/jiaoban-gateway: $(call obj,clients/gateway/main.c) $(BUILD)/libjbgateway.a \
                          $(BUILD)/libjbreport.a $(BUILD)/libjbclient.a $(BUILD)/libjbproto.a
$(BUILD)/jiaoban-exchange: $(call obj,clients/gateway/adapters/main.c) $(BUILD)/libjbexchange.a \
                           $(BUILD)/libjbgateway.a $(BUILD)/libjbreport.a $(BUILD)/libjbclient.a \
                           $(BUILD)/libjbproto.a
$(BUILD)/jiaoband $(BUILD)/jiaoban-agent $(BUILD)/jiaoban $(BUILD)/jiaoban-gateway $(BUILD)/jiaoban-exchange:
	$(call say,LINK,$@)
	$(Q)$(link)

# ---- libjiaoban --------------------------------------------------------------------------------
# Shared: only jiaoban_* leaves the library, and only if its header makes it visible.
$(BUILD)/libjiaoban.so.$(SOVERSION): $(call obj,$(CLIENT_SRC)) $(BUILD)/libjbproto.a \
                                     clients/lib/libjiaoban.map
	$(call say,LINK,$@)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -shared -Wl,-soname,libjiaoban.so.$(SOVERSION) \
	    $(if $(SANITIZE),,-Wl,-z,defs) -Wl,--version-script=clients/lib/libjiaoban.map \
	    -o $@ $(filter %.o,$^) $(BUILD)/libjbproto.a $(PKG_LIBS)
$(BUILD)/libjiaoban.so: $(BUILD)/libjiaoban.so.$(SOVERSION)
	@ln -sf $(<F) $@

# Static: one relocatable object holding the library and what it needs of proto/, with everything
# that is not public made local, so that a program using it meets no name of ours but jiaoban_*.
$(BUILD)/libjiaoban.a: $(call obj,$(CLIENT_SRC)) $(BUILD)/libjbproto.a
	$(call say,AR,$@)
	@rm -f $@
	$(Q)ld -r -o $(BUILD)/libjiaoban.o $(filter %.o,$^) $(BUILD)/libjbproto.a
	$(Q)objcopy --localize-hidden $(BUILD)/libjiaoban.o
	$(Q)ar rcsD $@ $(BUILD)/libjiaoban.o

$(BUILD)/jiaoban.pc: $(BUILD)/flags Makefile
	@printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR)' 'includedir=$(INCLUDEDIR)' '' \
	    'Name: jiaoban' 'Description: client library of the jiaoban casework broker' \
	    'Version: $(VERSION)' 'Requires.private: libuv libprotobuf-c libsodium jansson' \
	    'Libs: -L$${libdir} -ljiaoban' 'Cflags: -I$${includedir}' > $@

# ---- translations ------------------------------------------------------------------------------
$(BUILD)/locale/%/LC_MESSAGES/jiaoban.mo: clients/cli/po/%.po
	$(call say,MSGFMT,$<)
	@mkdir -p $(@D)
	$(Q)msgfmt -c -o $@ $<

# ---- tests -------------------------------------------------------------------------------------
# A test that needs its own linker flags gets a line: LINK_name_test := -Wl,--wrap=function
FAULT_LINK := $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc reallocarray strdup strndup)
LINK_begin_test := $(FAULT_LINK) $(patsubst %,-Wl$(comma)--wrap=%,rename fsync unlink)
LINK_broker_fault_test := $(FAULT_LINK)
LINK_broker_blob_test := $(FAULT_LINK)
LINK_agent_fault_test := $(FAULT_LINK)
LINK_agent_group_test := $(FAULT_LINK)
LINK_agent_former_acts_test := $(FAULT_LINK)
LINK_line_fault_test := $(FAULT_LINK) -Wl,--wrap=jb_zsock_send
LINK_walfile_test := $(FAULT_LINK)
TEST_ARCHIVES := $(addprefix $(BUILD)/,libjbtest.a libjbdaemon.a libjbagent.a libjbcli.a \
                 libjbexchange.a libjbgateway.a libjbreport.a libjbclient.a libjbproto.a)

$(UNIT_TESTS): $(BUILD)/tests/%_test: $(BUILD)/obj/tests/unit/%_test.o $(TEST_ARCHIVES)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link) $(LINK_$(*)_test) -lcmocka

$(WALK): $(call obj,$(MODEL_SRC)) $(TEST_ARCHIVES)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link) -lcmocka

# They look at the texts in both languages.
$(filter $(BUILD)/tests/cli%,$(UNIT_TESTS)): | $(LOCALES)

$(TOOLS): $(BUILD)/tests/tools/%: $(BUILD)/obj/tests/tools/%.o $(TEST_ARCHIVES)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link)

# These two are users of libjiaoban like any other: they get what is installed, nothing more.
$(BUILD)/tests/demo/play: $(call obj,$(DEMO_SRC)) $(BUILD)/libjiaoban.a
$(BENCH_SRC:%.c=$(BUILD)/%): $(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o $(BUILD)/libjiaoban.a
$(PLAY) $(BENCH_SRC:%.c=$(BUILD)/%):
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link)

# One program a system under load (see tests/bench/load/load.h).
LOAD_OBJ := $(call obj,$(LOAD_SRC))
LIGHT_OBJ := $(call obj,tests/bench/jiaoban/county.c tests/bench/jiaoban/lightnode.c tests/bench/load/base.c) \
             $(BUILD)/libjbclient.a $(BUILD)/libjbproto.a
$(BUILD)/tests/bench/load-jiaoban: $(call obj,tests/bench/jiaoban/jiaoban.c) \
                                   $(filter-out %/base.o,$(LOAD_OBJ)) $(LIGHT_OBJ)
$(BUILD)/tests/bench/grow: $(call obj,tests/bench/jiaoban/grow.c) $(LIGHT_OBJ)
$(BUILD)/tests/bench/ask: $(call obj,tests/bench/jiaoban/ask.c tests/bench/load/figures.c tests/bench/load/base.c) \
                          $(BUILD)/libjiaoban.a
$(BUILD)/tests/bench/crowd: $(call obj,tests/bench/jiaoban/crowd.c tests/bench/jiaoban/loops.c) $(LIGHT_OBJ)
$(BUILD)/tests/bench/due: $(call obj,tests/bench/jiaoban/due.c tests/bench/load/figures.c) $(LIGHT_OBJ)
$(BUILD)/tests/bench/load-agents: $(call obj,tests/bench/jiaoban/agents.c) $(LOAD_OBJ) $(BUILD)/libjiaoban.a
$(BUILD)/tests/bench/load-floor: $(call obj,tests/bench/floor/client.c) $(LOAD_OBJ)
$(BUILD)/tests/bench/load-bare: $(call obj,tests/bench/floor/bare.c tests/bench/floor/store.c) $(LOAD_OBJ)
$(BUILD)/tests/bench/floor-broker: $(call obj,tests/bench/floor/broker.c tests/bench/floor/store.c)
$(filter-out %.so,$(LOAD_PROGRAMS)):
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link) -lpthread

# Other systems: their clients' libraries are installed by `make bench-peers` only.
LIB_redis := -lhiredis
LIB_nats := -lnats
LIB_rabbitmq := -lrabbitmq
LIB_postgres := -lpq
$(PEERS): $(BUILD)/tests/bench/load-%: $(BUILD)/obj/tests/bench/peers/%.o $(LOAD_OBJ)
	$(call say,LINK,$@)
	$(Q)$(link) -lpthread $(LIB_$*)
.PHONY: peers
peers: $(PEERS)

# Preloaded into servers and load to count syncs.
$(call obj,tests/bench/synccount/synccount.c tests/bench/load/syncs.c): POSITION := -fPIC
$(BUILD)/tests/bench/synccount.so: $(call obj,tests/bench/synccount/synccount.c tests/bench/load/syncs.c)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -shared -o $@ $^ -ldl

# Preloaded into broker and load: what CURVE costs.
$(call obj,tests/bench/nocurve/nocurve.c): POSITION := -fPIC
$(BUILD)/tests/bench/nocurve.so: $(call obj,tests/bench/nocurve/nocurve.c)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -shared -o $@ $^

# It looks inside: rules and ledger in one process, without a broker.
$(REPLAY): $(call obj,$(REPLAY_SRC) tests/demo/csv.c) $(BUILD)/libjbproto.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link)

# Preloaded into broker and agents by the chaos driver; uses nothing of ours.
$(POWERCUT): $(call obj,$(CHAOS_SRC))
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(OUR_LDFLAGS) $(LDFLAGS) -shared -o $@ $^ -lsqlite3 -ldl -lpthread

# Broken on purpose, each in a folder of its own: main.c and the archives are those of the normal
# build, the sources that look at proto/base/mutant.h are compiled with it before them.
MUTANTS := ACK_EARLY TELL_ANYWAY FORGET_TOKEN FORGET_DEDUPE LAZY_SYNC SKIP_OVERDUE TWO_HOSTS
MUTABLE_LEDGER := proto/ledger/open.c proto/ledger/line.c proto/ledger/behind.c
MUTABLE_DAEMON := $(MUTABLE_LEDGER) daemon/greet.c daemon/clockwork.c daemon/commit.c
MUTABLE_AGENT := $(MUTABLE_LEDGER) clients/agent/apply.c clients/agent/submit.c clients/agent/token.c
mutated = $(patsubst %.c,$(BUILD)/mutants/$(1)/obj/%.o,$(2))

define mutant-rules
$(BUILD)/mutants/$(1)/obj/%.o: %.c $(BUILD)/flags proto/base/mutant.h | $(GEN_H)
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(OUR_CFLAGS) -fPIE $$(WARNINGS) $$(WERROR) $$(PKG_CFLAGS) $$(CFLAGS) \
	    -DJB_MUTANT=JB_MUTANT_$(1) -MD -MP -c -o $$@ $$<
$(BUILD)/mutants/$(1)/jiaoband: $(call mutated,$(1),$(MUTABLE_DAEMON)) $(call obj,daemon/main.c) \
                                $(BUILD)/libjbdaemon.a $(BUILD)/libjbproto.a
$(BUILD)/mutants/$(1)/jiaoban-agent: $(call mutated,$(1),$(MUTABLE_AGENT)) $(call obj,clients/agent/main.c) \
                                     $(BUILD)/libjbagent.a $(BUILD)/libjbproto.a
$(BUILD)/mutants/$(1)/tests/chaos/powercut.so: $(POWERCUT)
	@mkdir -p $$(@D)
	@ln -sf $(abspath $(POWERCUT)) $$@
$(BUILD)/mutants/$(1)/jiaoband $(BUILD)/mutants/$(1)/jiaoban-agent:
	$$(call say,LINK,$$@)
	$$(Q)$$(link)
MUTANT_FILES += $(addprefix $(BUILD)/mutants/$(1)/,jiaoband jiaoban-agent tests/chaos/powercut.so)
endef
MUTANT_FILES :=
$(foreach m,$(MUTANTS),$(eval $(call mutant-rules,$(m))))
# One that is older than a header numbers statements otherwise than the archives do.
-include $(foreach m,$(MUTANTS),$(patsubst %.o,%.d,$(call mutated,$(m),$(sort $(MUTABLE_DAEMON) $(MUTABLE_AGENT)))))
.PHONY: mutants
mutants: $(MUTANT_FILES)
# The same objects twice: with a main that replays a corpus (any compiler), or, when SANITIZE holds
# "fuzzer-no-link", with libFuzzer. FUZZ_WRAP: what tests/fuzz/outside.c and fuzzdesk.c stand in for.
FUZZ_WRAP := $(patsubst %,-Wl$(comma)--wrap=%,jb_log jb_ledger_commit randombytes_buf \
             uv_queue_work jb_router_bind jb_dealer_connect jb_zsock_send jb_zsock_close jb_zsock_pause \
             jb_zsock_resume jb_zsock_cut_node jb_zsock_gate_counts jb_zctx_new jb_zap_start \
             jb_admin_start jb_metrics_start jb_local_listen jb_local_stop jb_local_send jb_local_close \
             jb_local_peer_queued jb_local_peer_identity jb_local_peer_set_data jb_local_peer_data \
             jb_agent_fail jb_replay_shadow jb_schema_derived_reset jb_case_functions_add sqlite3_open_v2 sqlite3_close \
             sqlite3_prepare_v2 sqlite3_prepare_v3 sqlite3_finalize sqlite3_exec getpwuid getpwnam getgrnam \
             getgrouplist)
$(BUILD)/tests/fuzz/zap: FUZZ_WRAP := # it asks the library itself
$(BUILD)/tests/fuzz/exchange: FUZZ_WRAP :=
$(BUILD)/tests/fuzz/exchange: $(BUILD)/libjbexchange.a
FUZZ_ARCHIVES := $(addprefix $(BUILD)/,libjbtest.a libjbdaemon.a libjbagent.a libjbproto.a)
FUZZ_MAIN = $(if $(findstring fuzzer-no-link,$(SANITIZE)),-fsanitize=fuzzer)
$(BUILD)/libjbfuzz.a: $(call obj,$(FUZZ_SHARED_SRC) tests/demo/csv.c)
$(FUZZERS): $(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%_fuzz.o $(BUILD)/libjbfuzz.a \
            $(if $(findstring fuzzer-no-link,$(SANITIZE)),,$(call obj,tests/fuzz/replay.c)) \
            $(FUZZ_ARCHIVES)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link) $(FUZZ_WRAP) $(FUZZ_MAIN) -lcmocka

$(BUILD)/tests/fuzz/seed: $(call obj,tests/fuzz/seed.c) $(BUILD)/libjbfuzz.a $(FUZZ_ARCHIVES)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(link) $(FUZZ_WRAP) -lcmocka

.PHONY: fuzzers
fuzzers: $(FUZZERS)

.PHONY: $(UNIT_SRC:tests/unit/%_test.c=unit-%)
$(UNIT_SRC:tests/unit/%_test.c=unit-%): unit-%: $(BUILD)/tests/%_test
	$(BUILD)/tests/$*_test

# ---- the web console ----------------------------------------------------------------------------
# Built with Node.js from a copy of clients/console below $(BUILD), so that nothing is written into the
# sources; libraries come from the npm registry, exactly those of package-lock.json.
CONSOLE_WORK := $(BUILD)/console-work
CONSOLE_PARTS := src test public index.html public.html tsconfig.json vite.config.ts eslint.config.js
CONSOLE_FILES := $(foreach p,$(CONSOLE_PARTS),$(shell find clients/console/$(p) -type f 2>/dev/null))

$(CONSOLE_WORK)/installed: clients/console/package.json clients/console/package-lock.json
	$(call say,NPM,$@)
	@mkdir -p $(@D)
	@cp clients/console/package.json clients/console/package-lock.json $(@D)
	$(Q)cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
$(CONSOLE_WORK)/copied: $(CONSOLE_FILES) $(CONSOLE_WORK)/installed
	@rm -rf $(addprefix $(CONSOLE_WORK)/,$(CONSOLE_PARTS))
	@cp -R $(addprefix clients/console/,$(CONSOLE_PARTS)) $(CONSOLE_WORK)
	@touch $@
$(BUILD)/console/index.html: $(CONSOLE_WORK)/copied
	$(call say,VITE,$@)
	$(Q)cd $(CONSOLE_WORK) && CONSOLE_OUT=$(abspath $(BUILD))/console npm run --silent build -- --logLevel warn

.PHONY: console console-check console-if-it-can
# Without a way to the registry everything else is built all the same.
console-if-it-can:
	@$(MAKE) --no-print-directory console || echo '  the web console was not built; make console tells why' >&2
console: $(BUILD)/console/index.html ## build the web console (needs Node.js 18 or later and npm)
console-check: $(CONSOLE_WORK)/copied ## its types and its linter
	$(Q)cd $(CONSOLE_WORK) && npm run --silent check && npm run --silent lint

# The recipes below call make again where a step must see what the step before it installed or
# built. `parallel` adds -j unless the caller has chosen one.
parallel = $(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(JOBS))
CHAOS_ENV = JB_ROOT=$(CURDIR) JB_PYTHON=$(abspath $(BUILD))/python PYTHONPATH=$(abspath $(BUILD))/python \
            LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
SCRIPT_ENV = BUILD=$(abspath $(BUILD)) JB_BUILD=$(abspath $(BUILD)) MAKE='$(MAKE)' JOBS=$(JOBS)

.PHONY: deps demo test unit e2e asan valgrind walk bench bench-peers bench-results bench-absent bench-backup bench-blobs import replay hostile chaos chaos-mutants \
        fuzz fuzz-replay fuzz-merge spin spin-check browser test-browser
deps: ## install the Debian packages that are missing (build, run and test)
	tests/install-packages.sh build test browser

demo: ## install what is missing, build, and watch real cases travel (Ctrl-C ends it)
	@tests/install-packages.sh build
	+@$(parallel) all $(BUILD)/tests/demo/play
	@$(SCRIPT_ENV) tests/demo/run

test: ## install what is missing and run every check; ends with `N passed, N failed`
	@tests/install-packages.sh build test browser
	@$(SCRIPT_ENV) tests/run

unit: ## unit tests only
	@$(SCRIPT_ENV) tests/run unit
browser test-browser: ## the web console: types, linter, unit tests, every page in Chromium
	@tests/install-packages.sh browser
	@$(SCRIPT_ENV) tests/run browser
e2e: ## end-to-end tests only
	@$(SCRIPT_ENV) tests/run e2e
asan: ## unit and end-to-end tests under AddressSanitizer and UBSan
	@$(SCRIPT_ENV) tests/run asan
walk: $(WALK) ## a random walk of 100,000 acts over 50 agencies (JB_MODEL_STEPS=n JB_SEED=n)
	CMOCKA_MESSAGE_OUTPUT=TAP $(WALK)
spin-check: # of `make test`: small bounds
	@$(SCRIPT_ENV) tests/model/spin check
spin: ## the protocol as a model, verified with larger bounds (minutes)
	@$(SCRIPT_ENV) tests/model/spin large
import: ## whole sets of real cases through the drop folder (DATA=folder, default: the excerpt)
	@tests/install-packages.sh build test
	+@$(parallel) programs $(LOCALES) $(PYTHON_SCHEMAS)
	@$(SCRIPT_ENV) $(CHAOS_ENV) tests/exchange/import $(DATA)
replay: ## let real cases travel on their real dates (DATA=folder, default: the excerpt)
	@tests/install-packages.sh build
	+@$(parallel) $(REPLAY)
	@$(REPLAY) $(or $(DATA),tests/data/shangluo)
chaos: ## broker and agents under load while everything fails (ROUNDS=20 SEED=n repeats a run)
	@tests/install-packages.sh build test
	+@$(parallel) programs $(POWERCUT) $(PYTHON_SCHEMAS)
	@$(SCRIPT_ENV) $(CHAOS_ENV) $(if $(ROUNDS),JB_ROUNDS=$(ROUNDS)) $(if $(SEED),JB_SEED=$(SEED)) tests/chaos/run
chaos-mutants: ## the chaos run must find each deliberate error (MUTANTS='ACK_EARLY ...')
	@tests/install-packages.sh build test
	+@$(parallel) programs mutants $(POWERCUT) $(PYTHON_SCHEMAS)
	@$(SCRIPT_ENV) $(CHAOS_ENV) tests/chaos/mutants $(if $(filter command line,$(origin MUTANTS)),$(MUTANTS))
bench: ## jiaoban against what the disk allows, and its targets (QUICK=1 LONG=1 SECTIONS="..." PROFILE=1)
	@tests/install-packages.sh build test
	+@$(parallel) all $(BENCHES) $(BUILD)/mutants/LAZY_SYNC/jiaoband
	@$(SCRIPT_ENV) tests/bench/run
bench-peers: ## jiaoban and the brokers that people would pick, in turn (QUICK=1 MATRIX=1 RUNS=n PROFILE=1)
	@tests/install-packages.sh build test bench
	+@$(parallel) all $(BENCHES) $(PEERS) $(BUILD)/mutants/LAZY_SYNC/jiaoband
	@$(SCRIPT_ENV) tests/bench/compare
bench-results: ## all of both, and tests/bench/RESULTS.md from it (hours)
	-@$(MAKE) --no-print-directory bench-peers
	-@$(MAKE) --no-print-directory bench LONG=1
	@$(SCRIPT_ENV) tests/bench/results
bench-absent: ## half of AGENTS=200 away for a month, then back: the broker's memory, others' latency
	@tests/install-packages.sh build test
	+@$(parallel) all $(BENCHES)
	@$(SCRIPT_ENV) tests/bench/absent
bench-backup: ## backups of a large record: time, memory, bytes (ENTRIES=1000000)
	@tests/install-packages.sh build test
	+@$(parallel) programs tools
	@$(SCRIPT_ENV) $(if $(ENTRIES),ENTRIES=$(ENTRIES)) tests/bench/backup
bench-console: ## the console over a replica of CASES=1000000 cases: first view, what is done in it
	@tests/install-packages.sh build test browser
	+@$(parallel) programs $(PYTHON_SCHEMAS) console
	@$(SCRIPT_ENV) JB_PYTHON=$(abspath $(BUILD))/python PYTHONPATH=$(abspath $(BUILD))/python $(if $(CASES),CASES=$(CASES)) tests/bench/console
bench-blobs: ## attachments of SIZES=1,5,20,50 MB: time, bytes, memory, and what entries wait meanwhile
	@tests/install-packages.sh build test
	+@$(parallel) programs tools
	@$(SCRIPT_ENV) $(if $(SIZES),SIZES=$(SIZES)) tests/bench/blobs
hostile: ## what attackers cost a broker, and what an honest node notices (COUNT=10000 BROKER=path)
	+@$(parallel) tests
	@$(SCRIPT_ENV) JB_ROOT=$(CURDIR) JB_PYTHON=$(abspath $(BUILD))/python PYTHONPATH=$(abspath $(BUILD))/python \
	    COUNT=$(or $(COUNT),10000) tests/hostile/run
FUZZ_ENV = $(SCRIPT_ENV) SECONDS_EACH=$(or $(SECONDS),60)
fuzz: ## libFuzzer with ASan and UBSan on untrusted input (SECONDS=60, TARGET=name: one of them)
	@$(FUZZ_ENV) tests/fuzz/run fuzz $(TARGET)
fuzz-replay: ## the committed corpora through every fuzz target
	@$(SCRIPT_ENV) tests/run fuzz
fuzz-merge: ## take over into the committed corpora what `make fuzz` found and they lack
	@$(FUZZ_ENV) tests/fuzz/run merge $(TARGET)
valgrind: ## unit tests under valgrind
	@$(SCRIPT_ENV) tests/run valgrind

# ---- checks of the source ----------------------------------------------------------------------
.PHONY: tidy tidy-peers cppcheck fmt fmt-check layers sizes symbols translations contract contract-check
# How many states of a function its analyzer looks at. With a fifth of its usual budget it takes a
# fifth of the time; `make test` does that, and keeps apart what passed so.
TIDY_NODES ?= 225000
TIDY_BUDGET := -Xclang -analyzer-config -Xclang max-nodes=$(TIDY_NODES)
TIDY := $(BUILD)/tidy$(if $(filter 225000,$(TIDY_NODES)),,-$(TIDY_NODES))
TIDY_STAMPS := $(OUR_SRC:%.c=$(TIDY)/%.ok)
PEERS_TIDY := $(PEERS_SRC:%.c=$(TIDY)/%.ok)
tidy: $(TIDY_STAMPS) ## clang-tidy on every file that changed since it last passed

tidy-peers: $(PEERS_TIDY) # of `make bench-peers`; needs its packages
$(call obj,tests/bench/peers/postgres.c) $(TIDY)/tests/bench/peers/postgres.ok: MORE_CFLAGS = -isystem $(shell pkg-config --variable=includedir libpq)

# The object stands for "the source or any header it includes changed".
$(TIDY_STAMPS) $(PEERS_TIDY): $(TIDY)/%.ok: %.c $(BUILD)/obj/%.o .clang-tidy
	$(call say,TIDY,$<)
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- $(LANGUAGE_FLAGS) $(PKG_CFLAGS) $(MORE_CFLAGS) $(WARNINGS) $(TIDY_BUDGET) 2>$@.err || \
	    { cat $@.err >&2; exit 1; }
	@rm -f $@.err; touch $@

# What is suppressed stands in tests/cppcheck.suppress with its reasons.
cppcheck: $(GEN_H) ## cppcheck on all sources
	@mkdir -p $(BUILD)/cppcheck
	$(Q)cppcheck -j $(JOBS) --quiet --std=c11 --language=c --platform=unix64 \
	    --enable=warning,style,performance,portability --inline-suppr --error-exitcode=1 \
	    --library=posix --library=gnu --cppcheck-build-dir=$(BUILD)/cppcheck \
	    --suppressions-list=tests/cppcheck.suppress --suppress='*:$(BUILD)/gen/*' \
	    -I. -I$(BUILD)/gen $(DEFINES) $(OUR_SRC) $(PEERS_SRC)

fmt: ## format all C sources
	clang-format -i $(OUR_SRC) $(PEERS_SRC) $(OUR_HEADERS)
fmt-check: ## fail if a C source is not formatted
	$(Q)clang-format --dry-run -Werror $(OUR_SRC) $(PEERS_SRC) $(OUR_HEADERS)

layers: ## includes point one way only
	$(Q)tests/layers.sh layers
sizes: ## no file over 500 lines, no function over 80
	$(Q)tests/layers.sh sizes
symbols: tests ## libjiaoban exports what its headers declare; no global name is defined twice
	$(Q)tests/layers.sh symbols $(BUILD)

contract: ## make clients/gateway/openapi.yaml anew from contract.yaml and the schemas
	$(Q)clients/gateway/contract.py
contract-check: ## the gateway's contract is what `make contract` makes, and sound OpenAPI
	$(Q)clients/gateway/contract.py --check
	$(Q)tests/tools/contract_lint.py

# English texts are the keys, so only the Chinese catalogue has to be complete.
START_SRC := $(addprefix proto/base/,config.c configrow.c initext.c testclock.c err.c secret.c usage.c) \
             $(addprefix proto/wire/,keys.c suite.c sm.c endpoint.c localio.c localpath.c zsock.c people.c) \
             $(addprefix proto/ledger/,db.c begin.c open.c schema.c behind.c blobstore.c restore.c backup.c backupblobs.c backupchain.c \
               check.c checkbroker.c checkreplica.c audit.c rebuild.c evidence.c tick.c) \
             $(addprefix proto/rules/,policy.c policy_key.c calendar.c caseno.c) \
             $(addprefix daemon/,main.c broker.c keyring.c duty.c install.c quota.c metrics.c offline.c evidence.c backup.c) \
             $(addprefix clients/agent/,main.c agent.c store.c config.c pins.c papers.c follow.c verify.c book.c blob.c) \
             $(addprefix clients/gateway/,main.c gateway.c config.c hookconf.c adapters/main.c)
translations: ## texts of the command line client, of reports and of a daemon's start have a Chinese translation
	@mkdir -p $(BUILD)
	$(Q)xgettext --language=C --from-code=UTF-8 -k_ -kN_ -kngettext:1,2 -kjb_tongue_say:2 --omit-header \
	    -o $(BUILD)/jiaoban.pot $(REPORT_SRC) $(CLI_SRC) $(EXCHANGE_SRC)
	$(Q)xgettext --language=C --from-code=UTF-8 -kN_ -kjb_fault_set:3 -kjb_said -kjb_usage_error:1 -kfault_of_errno:2 -ksetup_fault:3 \
	    -kjb_check_complain:3 -kfail:3 \
	    --omit-header -j -o $(BUILD)/jiaoban.pot $(START_SRC)
	$(Q)xgettext --language=C --from-code=UTF-8 -kX:4 --omit-header -j -o $(BUILD)/jiaoban.pot proto/base/err.h
	$(Q)msgmerge --quiet --no-fuzzy-matching clients/cli/po/zh_CN.po $(BUILD)/jiaoban.pot | \
	    msgattrib --no-obsolete > $(BUILD)/zh_CN.merged
	$(Q)msgattrib --untranslated --no-wrap $(BUILD)/zh_CN.merged > $(BUILD)/zh_CN.missing
	$(Q)msgattrib --only-fuzzy --no-wrap $(BUILD)/zh_CN.merged >> $(BUILD)/zh_CN.missing
	$(Q)if [ -s $(BUILD)/zh_CN.missing ]; then cat $(BUILD)/zh_CN.missing; exit 1; fi

# ---- install -----------------------------------------------------------------------------------
.PHONY: install uninstall clean
SHARE := $(PREFIX)/share
COMPLETION := $(wildcard clients/cli/*.bash)
SHIPPED := $(wildcard deploy/policy/* deploy/calendar/* deploy/evidence/*)
CONFIG := $(wildcard deploy/config/*)
UNITS := $(wildcard deploy/systemd/*.service deploy/systemd/*.timer)
HOUSE := $(patsubst deploy/systemd/jiaoban.%,%,$(wildcard deploy/systemd/jiaoban.*)) # sysusers ...
PROGRAM_NAMES := $(notdir $(PROGRAMS))

install: all ## install below $(DESTDIR)$(PREFIX)
	install -d $(addprefix $(DESTDIR),$(BINDIR) $(LIBDIR)/pkgconfig $(INCLUDEDIR) $(UNITDIR) \
	    $(DATADIR)/policy $(DATADIR)/calendar $(DATADIR)/evidence $(DATADIR)/config \
	    $(SHARE)/bash-completion/completions)
	install -m 755 $(PROGRAMS) $(DESTDIR)$(BINDIR)
	install -m 644 $(BUILD)/libjiaoban.so.$(SOVERSION) $(BUILD)/libjiaoban.a $(DESTDIR)$(LIBDIR)
	ln -sf libjiaoban.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libjiaoban.so
	install -m 644 $(PUBLIC_HEADERS) $(DESTDIR)$(INCLUDEDIR)
	install -m 644 $(BUILD)/jiaoban.pc $(DESTDIR)$(LIBDIR)/pkgconfig
	$(foreach l,$(LANGUAGES),install -D -m 644 $(BUILD)/locale/$(l)/LC_MESSAGES/jiaoban.mo \
	    $(DESTDIR)$(LOCALEDIR)/$(l)/LC_MESSAGES/jiaoban.mo &&) true
	$(foreach f,$(SHIPPED),install -m 644 $(f) $(DESTDIR)$(DATADIR)/$(f:deploy/%=%) &&) true
	$(foreach f,$(CONFIG),install -m 644 $(f) $(DESTDIR)$(DATADIR)/config &&) true
	if [ -e $(BUILD)/console/index.html ]; then \
	    rm -rf $(DESTDIR)$(DATADIR)/console && cp -R $(BUILD)/console $(DESTDIR)$(DATADIR)/console && \
	    find $(DESTDIR)$(DATADIR)/console -type f -exec chmod 644 {} +; fi
	$(foreach f,$(COMPLETION),install -m 644 $(f) \
	    $(DESTDIR)$(SHARE)/bash-completion/completions/jiaoban &&) true
	$(foreach f,$(UNITS),sed 's|/usr/bin/|$(BINDIR)/|g; s|/usr/share/jiaoban|$(DATADIR)|g' $(f) \
	    > $(DESTDIR)$(UNITDIR)/$(notdir $(f)) &&) true
	$(foreach k,$(HOUSE),install -D -m 644 deploy/systemd/jiaoban.$(k) \
	    $(DESTDIR)$(PREFIX)/lib/$(k).d/jiaoban.conf &&) true

uninstall: ## remove what `install` put there
	rm -f $(addprefix $(DESTDIR)$(BINDIR)/,$(PROGRAM_NAMES)) \
	    $(addprefix $(DESTDIR)$(LIBDIR)/,libjiaoban.so libjiaoban.so.$(SOVERSION) \
	    libjiaoban.a pkgconfig/jiaoban.pc) \
	    $(addprefix $(DESTDIR)$(INCLUDEDIR)/,$(notdir $(PUBLIC_HEADERS))) \
	    $(addprefix $(DESTDIR)$(UNITDIR)/,$(notdir $(UNITS))) \
	    $(LANGUAGES:%=$(DESTDIR)$(LOCALEDIR)/%/LC_MESSAGES/jiaoban.mo) \
	    $(HOUSE:%=$(DESTDIR)$(PREFIX)/lib/%.d/jiaoban.conf) \
	    $(DESTDIR)$(SHARE)/bash-completion/completions/jiaoban
	rm -rf $(DESTDIR)$(DATADIR)

clean: ## remove the build folder
	rm -rf $(BUILD)

-include $(patsubst %.c,$(BUILD)/obj/%.d,$(OUR_SRC) $(PEERS_SRC)) $(GEN_C:.c=.d)
