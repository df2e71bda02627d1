// One linear layer alone, for tests: a tensor in the file's form times rows of activations.
#include "../src/kernels/select.h"
#include "../src/ops/linear.h"
#include "job.h"
#include "objects.h"

namespace aria {

// (kernels, ggml type, columns, rows, data, input) -> {weights, product}: every row unpacked, and weights x input.
Napi::Value multiply(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  try {
    Tensor tensor;
    tensor.name = "test";
    tensor.type = find_type(info[1].As<Napi::Number>().Uint32Value());
    tensor.shape = {info[2].As<Napi::Number>().Uint32Value(), info[3].As<Napi::Number>().Uint32Value()};
    tensor.offset = 0;
    tensor.rows = tensor.shape[1];
    const auto data = info[4].As<Napi::Uint8Array>();
    tensor.bytes = {reinterpret_cast<const char*>(data.Data()), data.ElementLength()};
    const size_t columns = tensor.shape[0];
    if (!tensor.type || columns % tensor.type->block != 0) throw Error("unsupported", "No such tensor.");
    tensor.row_bytes = columns / tensor.type->block * tensor.type->bytes;
    if (tensor.row_bytes * tensor.rows + tensor.type->tail != tensor.bytes.size())
      throw Error("bad_gguf", "The data is not of the tensor's size.");

    const auto input = info[5].As<Napi::Float32Array>();
    const size_t tokens = input.ElementLength() / columns, stride = round_up(tensor.rows, kLanes);
    ThreadPool pool(1);
    const Context context{find_kernels(info[0].As<Napi::String>()), pool};
    Linear linear = plan_linear(tensor);
    Buffer packed(linear.bytes());
    linear.packed = packed.as<uint8_t>();
    check_scaled(tensor, pack_linear(context, tensor, linear, 0, linear.stripes));

    auto weights = Napi::Float32Array::New(env, tensor.rows * columns);
    for (size_t row = 0; row < tensor.rows; row++) unpack_row(linear, row, weights.Data() + row * columns);
    Activation activation(columns, tokens);
    for (size_t t = 0; t < tokens; t++) std::copy_n(input.Data() + t * columns, columns, activation.row(t));
    Buffer out(tokens * stride * sizeof(float));
    apply_linear(context, linear, activation, tokens, out.as<float>(), stride);
    auto product = Napi::Float32Array::New(env, tokens * tensor.rows);
    for (size_t t = 0; t < tokens; t++)
      std::copy_n(out.as<float>() + t * stride, tensor.rows, product.Data() + t * tensor.rows);

    Napi::Object result = Napi::Object::New(env);
    result.Set("weights", weights);
    result.Set("product", product);
    return result;
  } catch (const Error& error) {
    throw error_of(env, error.code, error.what());
  }
}

}  // namespace aria
