// An addon of one function for event-loop.mjs: processor time that this thread has spent in V8's collections.
// Node-API does not tell of collections, and Node's own entries about them hold only times of the clock.
#include <node.h>
#include <time.h>

namespace {

thread_local double total_ms = 0;
thread_local double started_ms = 0;
thread_local int depth = 0;  // a scavenge may run inside a full collection

double thread_processor_ms() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) * 1e3 + double(time.tv_nsec) / 1e6;
}

void started(v8::Isolate*, v8::GCType, v8::GCCallbackFlags) {
  if (depth++ == 0) started_ms = thread_processor_ms();
}
void ended(v8::Isolate*, v8::GCType, v8::GCCallbackFlags) {
  if (--depth == 0) total_ms += thread_processor_ms() - started_ms;
}

void collected_ms(const v8::FunctionCallbackInfo<v8::Value>& info) { info.GetReturnValue().Set(total_ms); }

}  // namespace

NODE_MODULE_INIT(/* exports, module, context */) {
  v8::Isolate* isolate = v8::Isolate::GetCurrent();
  isolate->AddGCPrologueCallback(started);
  isolate->AddGCEpilogueCallback(ended);
  NODE_SET_METHOD(exports.As<v8::Object>(), "collectedMs", collected_ms);
}
