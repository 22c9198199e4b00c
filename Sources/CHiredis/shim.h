// The two parts of hiredis that are used: the reply reader, and the command formatter of hiredis.h.
// Its connections and its asynchronous layer are not: NIO owns the sockets.
#include <hiredis/read.h>
#include <hiredis/hiredis.h>
