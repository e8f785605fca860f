/* SPDX-License-Identifier: Apache-2.0 */
/*
 * absent: what Debian's libcurl.a calls and Debian has no static library for: Kerberos (GSSAPI),
 * LDAP and RTMP. Each function says that it failed, as its own documentation has it.
 *
 * A fetch never comes here: tug allows libcurl HTTP and HTTPS alone and sends Basic or Bearer
 * credentials, never Negotiate. curl_version, for an error message, asks LDAP and RTMP for their
 * versions. Linked into build/tug-static; installed as libtug_absent.a for programs that are linked
 * with -static, and part of no other library.
 *
 * Knows: names and what failure is called. Does not know: the parameters, which nobody looks at.
 * Threads: any.
 */
#include <stddef.h>

/* The two halves of -Wmissing-prototypes. C's calling conventions on Linux let the caller clear up,
 * so parameters that are not declared are not missed. */
#define RETURNS(type, name, value)                                                                 \
    type name(void);                                                                               \
    type name(void)                                                                                \
    {                                                                                              \
        return value;                                                                              \
    }

/* GSSAPI: all bits of a major status are an error of every kind (RFC 2744, section 3.9.1). */
#define GSS_FAILED(name) RETURNS(unsigned, name, ~0U)

extern const void *const GSS_C_NT_HOSTBASED_SERVICE;
const void *const GSS_C_NT_HOSTBASED_SERVICE = NULL;

GSS_FAILED(gss_delete_sec_context)
GSS_FAILED(gss_display_name)
GSS_FAILED(gss_display_status)
GSS_FAILED(gss_import_name)
GSS_FAILED(gss_init_sec_context)
GSS_FAILED(gss_inquire_context)
GSS_FAILED(gss_release_buffer)
GSS_FAILED(gss_release_name)
GSS_FAILED(gss_unwrap)
GSS_FAILED(gss_wrap)

/* LDAP: -1 is LDAP_SERVER_DOWN, of functions and of ldap_result; no pointer is no result. */
#define LDAP_FAILED(name) RETURNS(int, name, -1)

LDAP_FAILED(ber_sockbuf_add_io)
LDAP_FAILED(ldap_abandon_ext)
LDAP_FAILED(ldap_get_attribute_ber)
LDAP_FAILED(ldap_get_dn_ber)
LDAP_FAILED(ldap_get_option)
LDAP_FAILED(ldap_init_fd)
LDAP_FAILED(ldap_msgfree)
LDAP_FAILED(ldap_msgtype)
LDAP_FAILED(ldap_parse_result)
LDAP_FAILED(ldap_parse_sasl_bind_result)
LDAP_FAILED(ldap_pvt_url_scheme2proto)
LDAP_FAILED(ldap_result)
LDAP_FAILED(ldap_sasl_bind)
LDAP_FAILED(ldap_search_ext)
LDAP_FAILED(ldap_set_option)
LDAP_FAILED(ldap_start_tls)
LDAP_FAILED(ldap_unbind_ext)
LDAP_FAILED(ldap_url_parse)
RETURNS(const char *, ldap_err2string, "LDAP is not part of this program")
RETURNS(void, ber_bvfree, )
RETURNS(void, ber_free, )
RETURNS(void, ber_memfree, )
RETURNS(void, ber_memvfree, )
RETURNS(void, ldap_free_urldesc, )
RETURNS(void, ldap_memfree, )

/* RTMP: 0 is FALSE, and the version of nothing. */
#define RTMP_FAILED(name) RETURNS(int, name, 0)

RTMP_FAILED(RTMP_Connect1)
RTMP_FAILED(RTMP_ConnectStream)
RTMP_FAILED(RTMP_LibVersion)
RTMP_FAILED(RTMP_Read)
RTMP_FAILED(RTMP_SetupURL)
RTMP_FAILED(RTMP_Write)
RETURNS(void *, RTMP_Alloc, NULL)
RETURNS(void, RTMP_Close, )
RETURNS(void, RTMP_Free, )
RETURNS(void, RTMP_Init, )
RETURNS(void, RTMP_SetBufferMS, )
