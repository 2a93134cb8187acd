// bind_lists.cc - the engine's methods on lists.

#include "addon/engine_object.h"

namespace snapfork {

void AppendListMethods(std::vector<MethodEntry>&) {}

}  // namespace snapfork
