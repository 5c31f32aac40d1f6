/* mset.h - the whole library in one include. */
#ifndef MSET_H
#define MSET_H

#include "address_space.h"
#include "backend.h"
#include "backends.h"
#include "base.h"
#include "cow.h"
#include "formats.h"
#include "frames.h"
#include "guest.h"
#include "guest_access.h"
#include "guest_listener.h"
#include "observe.h"
#include "page_table.h"
#include "plan.h"
#include "set.h"
#include "slabs.h"

#endif
