/* SPDX-License-Identifier: Apache-2.0
 *
 * A bundle as sigstore's own library for JavaScript (@sigstore/sign 4.1.1) writes it around a
 * statement that is signed with a key: of RSA_8192_DIGEST, in reg.test/team/app.
 */
#ifndef SIGSTORE_BUNDLE_H
#define SIGSTORE_BUNDLE_H

static const char sigstore_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzNMi1QC/NvoXWBcYaGwvJ4Q0k0LG\n"
    "wlYxIvLRiluN4HrEuDU0d0eb8bZ8usZYyOiSui4pIzAXvYHL2vX0SdS8Lw==\n"
    "-----END PUBLIC KEY-----\n";

static const char sigstore_bundle[] =
    "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\"verificationMater"
    "ial\":{\"publicKey\":{\"hint\":\"hint\"},\"timestampVerificationData\":{}},\"dsseEnv"
    "elope\":{\"payload\":\"eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEiLCJzd"
    "WJqZWN0IjpbeyJuYW1lIjoicmVnLnRlc3QvdGVhbS9hcHAiLCJkaWdlc3QiOnsic2hhMjU2IjoiMTExMTExM"
    "TExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMSJ9fV0sI"
    "nByZWRpY2F0ZVR5cGUiOiJodHRwczovL3NpZ3N0b3JlLmRldi9jb3NpZ24vc2lnbi92MSIsInByZWRpY2F0Z"
    "SI6e319\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[{\"sig\":"
    "\"MEQCIENxQqKaauBgpMPERKR7GqpwOif+hybdNzoIdMYEgXQrAiBvX0ww3DU0ILcb91CmFAvUfOSV3CHEmY"
    "KSg1Xg1a8ulQ==\",\"keyid\":\"hint\"}]}}";

#endif
