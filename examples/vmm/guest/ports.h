/* ports.h - the ports by which the guest leaves: for C and for the assembler. */
#ifndef VMM_PORTS_H
#define VMM_PORTS_H

#define PORT_NEXT 0x80  /* the command is done: which is the next? */
#define PORT_FAULT 0x81 /* ring 0: a page fault; CR2 and the error code on the stack say which */
#define PORT_TRAP 0x82  /* ring 0: any other exception, which nobody expected */

#endif
