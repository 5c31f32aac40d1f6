/* status.c - names of the status codes. */
#include <mset/base.h>

const char *mset_status_text(mset_status status) {
    switch (status) {
    case MSET_OK:
        return "ok";
    case MSET_INVALID_PARAM:
        return "invalid parameter";
    case MSET_ALREADY_EXISTS:
        return "already exists";
    case MSET_BAD_STATE:
        return "bad state";
    case MSET_NO_MEMORY:
        return "no memory";
    case MSET_NOT_FOUND:
        return "not found";
    case MSET_ACCESS_DENIED:
        return "access denied";
    case MSET_UNSUPPORTED:
        return "unsupported";
    case MSET_OVER_LIMIT:
        return "over limit";
    }
    return "unknown status";
}
