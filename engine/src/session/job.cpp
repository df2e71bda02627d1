#include "job.h"

#include <new>

namespace aria {

Failure failure_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    return {error.code, error.what()};
  } catch (const std::bad_alloc&) {
    return {"out_of_memory", "The engine ran out of memory."};
  } catch (const std::exception& error) {
    return {"internal", error.what()};
  }
}

}  // namespace aria
