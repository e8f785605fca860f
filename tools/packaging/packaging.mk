# Part of the Makefile: packages.

.PHONY: deb rpm check-packages check-musl cross

deb: ## build Debian packages into build/deb/
	$(Q)third_party/install.sh build test static deb
	$(Q)tools/packaging/build-deb.sh build/deb
	$(Q)lintian --info --display-info --fail-on error,warning,info build/deb/*.changes

rpm: ## build RPM packages into build/rpm/
	$(Q)third_party/install.sh build test rpm
	$(Q)tools/packaging/build-rpm.sh build/rpm

check-packages: ## build packages twice, compare, use one in a fresh Debian (as root; 6 minutes)
	$(Q)third_party/install.sh build test static deb rpm packages
	$(Q)$(MAKE) --no-print-directory $(JOBS) all $(addprefix $(OBJ)/,fake-registry tug-static)
	$(Q)FAKE_REGISTRY=$(CURDIR)/$(OBJ)/fake-registry TUG_STATIC=$(CURDIR)/$(OBJ)/tug-static \
	  tools/packaging/check-packages.sh

check-musl: ## build with musl, run support, unit and cli, try the APKBUILD (15 minutes, then 6)
	$(Q)third_party/install.sh build test musl
	$(Q)$(MAKE) --no-print-directory $(JOBS) all
	$(Q)tools/packaging/check-musl.sh build/musl

cross: ## build for arm64 into build/arm64/, test units under qemu (as root; 10 minutes, then 4)
	$(Q)third_party/install.sh packages
	$(Q)tools/packaging/cross.sh build/arm64
