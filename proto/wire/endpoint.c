/* The form of an endpoint, character by character; resolves nothing. */
#include "proto/wire/endpoint.h"

#include <stddef.h>
#include <string.h>

#define SCHEME "tcp://"
#define PORT_MAX 65535

static bool port_valid(const char *port, bool binding)
{
    unsigned value = 0;
    if (strcmp(port, "*") == 0)
        return binding;
    if (*port == '\0' || strlen(port) > 5)
        return false;
    for (const char *p = port; *p != '\0'; p++) {
        if (*p < '0' || *p > '9')
            return false;
        value = 10 * value + (unsigned)(*p - '0');
    }
    return value >= 1 && value <= PORT_MAX;
}

static bool host_valid(const char *host, size_t len, bool binding)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    static const char address[] = "0123456789abcdefABCDEF:.%";

    if (len == 1 && host[0] == '*')
        return binding;
    if (len > 2 && host[0] == '[' && host[len - 1] == ']')
        return strspn(host + 1, address) == len - 2;
    return len > 0 && strspn(host, letters) == len;
}

enum jb_err jb_endpoint_check(const char *endpoint, bool binding, struct jb_fault *fault)
{
    size_t scheme_len = sizeof SCHEME - 1;
    if (strlen(endpoint) >= JB_ENDPOINT_MAX_BYTES)
        return jb_fault_set(fault, JB_CONFIG, "endpoint is too long: %s", endpoint);
    if (strncmp(endpoint, SCHEME, scheme_len) != 0)
        return jb_fault_set(fault, JB_CONFIG, "endpoint \"%s\" must begin with %s", endpoint,
                            SCHEME);
    const char *host = endpoint + scheme_len;
    const char *colon = strrchr(host, ':');
    if (colon == NULL)
        return jb_fault_set(fault, JB_CONFIG, "endpoint \"%s\" has no port", endpoint);
    if (!port_valid(colon + 1, binding))
        return binding ? jb_fault_set(fault, JB_CONFIG,
                                      "endpoint \"%s\": the port must be 1 to 65535 or *", endpoint)
                       : jb_fault_set(fault, JB_CONFIG,
                                      "endpoint \"%s\": the port must be 1 to 65535", endpoint);
    if (!host_valid(host, (size_t)(colon - host), binding))
        return jb_fault_set(fault, JB_CONFIG, "endpoint \"%s\": the host is not valid", endpoint);
    return JB_OK;
}
