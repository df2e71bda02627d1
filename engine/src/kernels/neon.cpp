// AArch64 with the dot product extension (FEAT_DotProd). Float kernels come from vector.h, integer ones from dot.h.
#include <arm_neon.h>

#include "lanes.h"

namespace aria {
namespace {

ARIA_LANES F32x16 load_half(const uint16_t* from) {
  const float16x8_t low = vreinterpretq_f16_u16(vld1q_u16(from)), high = vreinterpretq_f16_u16(vld1q_u16(from + 8));
  return {{vcvt_f32_f16(vget_low_f16(low)), vcvt_high_f32_f16(low), vcvt_f32_f16(vget_low_f16(high)),
           vcvt_high_f32_f16(high)}};
}
ARIA_LANES void store_half(F32x16 lanes, uint16_t* to) {
  for (size_t i = 0; i < 4; i++) vst1_u16(to + i * 4, vreinterpret_u16_f16(vcvt_f16_f32(lanes.part[i])));
}
ARIA_LANES void store_i8(I32x16 lanes, int8_t* to) {
  const int16x8_t low = vcombine_s16(vmovn_s32(lanes.part[0]), vmovn_s32(lanes.part[1]));
  const int16x8_t high = vcombine_s16(vmovn_s32(lanes.part[2]), vmovn_s32(lanes.part[3]));
  vst1q_s8(to, vcombine_s8(vmovn_s16(low), vmovn_s16(high)));
}

typedef int8x16_t I8x16;

struct DotSum {
  int32x4_t sum = vdupq_n_s32(0);
  I32x4 rows() const { return sum; }
};

struct Quants {
  int8x16_t bytes;
  ARIA_LANES Quants load(const int8_t* from) { return {vld1q_s8(from)}; }
};

template <int kFour>
ARIA_LANES void dot(DotSum& sum, I8x16 weights, const Quants& quants) {
  sum.sum = vdotq_laneq_s32(sum.sum, weights, quants.bytes, kFour);
}

}  // namespace
}  // namespace aria

#include "dot.h"
#include "vector.h"

namespace aria {

extern const Kernels kNeon;
const Kernels kNeon = {
    "neon",
    ARIA_FLOAT_KERNELS,
    ARIA_LINEAR_KERNELS,
};

}  // namespace aria
