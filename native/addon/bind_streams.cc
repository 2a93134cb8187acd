// bind_streams.cc - the engine's methods on streams.

#include "addon/engine_object.h"

namespace snapfork {

void AppendStreamMethods(std::vector<MethodEntry>&) {}

}  // namespace snapfork
