// bind_dump.cc - the engine's methods on dump.

#include "addon/engine_object.h"

namespace snapfork {

void AppendDumpMethods(std::vector<MethodEntry>&) {}

}  // namespace snapfork
