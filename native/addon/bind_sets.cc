// bind_sets.cc - the engine's methods on sets.

#include "addon/engine_object.h"

namespace snapfork {

void AppendSetMethods(std::vector<MethodEntry>&) {}

}  // namespace snapfork
