// What the lung-nodule model sees: CT numbers from air to bone as 0 to 1; and how crops that lost their CT numbers get them back.

/** CT numbers at both ends of the model's range; what lies beyond is clipped. */
export const modelRangeHu = Object.freeze({ low: -1000, high: 400 })

/** Modes of lung and of soft tissue on CT in HU, on which crops without CT numbers are anchored. */
export const anchorsHu = Object.freeze({ lung: -850, softTissue: 30 })

/** The model's input for CT numbers: 0 at -1000 HU (air) and below, 1 at 400 HU (bone) and above. */
export function modelInputOf(hu: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const input = new Float32Array(hu.length)
  const span = modelRangeHu.high - modelRangeHu.low
  for (let at = 0; at < input.length; at++) {
    const share = ((hu[at] ?? modelRangeHu.low) - modelRangeHu.low) / span
    input[at] = Math.min(1, Math.max(0, share))
  }
  return input
}

/** Grey levels of the two modes of a crop. */
export interface CropModes {
  readonly lung: number
  readonly softTissue: number
}

const levels = 256
// Levels on either side that are counted with one, so that a peak is a hill and not a spike.
const smoothing = 3
// Where more pixels than this are exactly black, black is what lies outside the scanner's field, not air.
const outsideShare = 0.01
// Grey levels between the modes: less would stretch the noise of a crop that shows one tissue only.
const leastGap = 20

// The grey level that best parts dark from bright (Otsu, IEEE Trans SMC 1979).
function otsuLevel(histogram: Float64Array): number {
  const total = histogram.reduce((sum, count) => sum + count, 0)
  const mass = histogram.reduce((sum, count, level) => sum + count * level, 0)
  let below = 0
  let massBelow = 0
  let best = 0
  let bestSpread = -1
  for (let level = 0; level < levels; level++) {
    below += histogram[level] ?? 0
    massBelow += level * (histogram[level] ?? 0)
    const above = total - below
    if (below === 0 || above === 0) continue
    const spread = below * above * (massBelow / below - (mass - massBelow) / above) ** 2
    if (spread > bestSpread) [best, bestSpread] = [level, spread]
  }
  return best
}

function peakOf(histogram: Float64Array, from: number, to: number): number {
  let best = from
  let bestHeight = -1
  for (let level = from; level <= to; level++) {
    let height = 0
    for (let near = -smoothing; near <= smoothing; near++) height += histogram[level + near] ?? 0
    if (height > bestHeight) [best, bestHeight] = [level, height]
  }
  return best
}

/** Finds the modes of lung and soft tissue in an 8-bit crop that was scaled by its own extremes. */
export function cropModes(crop: Uint8Array): CropModes {
  const histogram = new Float64Array(levels)
  for (const level of crop) histogram[level] = (histogram[level] ?? 0) + 1
  if ((histogram[0] ?? 0) > outsideShare * crop.length) histogram[0] = 0
  const parting = otsuLevel(histogram)
  return { lung: peakOf(histogram, 0, parting), softTissue: peakOf(histogram, parting + 1, levels - 1) }
}

/**
 * CT numbers of an 8-bit crop that was scaled by its own extremes: its lung mode becomes -850 HU and its soft-tissue
 * mode 30 HU, so that crops and whole slices fall in the same range (to about 100 HU; a crop without lung cannot be anchored).
 */
export function anchoredHu(crop: Uint8Array): Float32Array<ArrayBuffer> {
  const { lung, softTissue } = cropModes(crop)
  const slope = (anchorsHu.softTissue - anchorsHu.lung) / Math.max(leastGap, softTissue - lung)
  return Float32Array.from(crop, (level) => anchorsHu.lung + (level - lung) * slope)
}
