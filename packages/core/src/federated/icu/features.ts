// The twelve measurements of an ICU stay that the mortality model reads, with what is known of them.

/** Hours from admission that a stay covers. */
export const stayHours = 48
/** Two-hour bins of a stay. */
export const stayBins = 24

/** One measurement as the cohorts carry it. */
export interface IcuFeature {
  readonly name: string
  /** UCUM unit. */
  readonly unit: string
  /** Values outside are kept at the limit: slips of the pen such as a heart rate of 0. */
  readonly limits: readonly [number, number]
  /** Skewed measurements are taken as ln(1 + value). */
  readonly isLogged: boolean
  /** Mean and deviation of all values of stays survived, and the shift of the mean in stays that ended in death. */
  readonly mean: number
  readonly deviation: number
  readonly shift: number
  /** Share of bins with a value. */
  readonly observed: number
  /** Correlation of neighbouring bins. */
  readonly memory: number
}

function feature(
  name: string,
  unit: string,
  limits: readonly [number, number],
  seen: readonly [mean: number, deviation: number, shift: number, observed: number, memory: number],
  isLogged = false,
): IcuFeature {
  const [mean, deviation, shift, observed, memory] = seen
  return { name, unit, limits, isLogged, mean, deviation, shift, observed, memory }
}

/**
 * The features in the order of the tensors. Figures compiled from PhysioNet/Computing in Cardiology Challenge 2012, set A
 * (4,000 stays; Silva et al. 2012, Computing in Cardiology 39:245; ODC-By), over two-hour bins of the first 48 h.
 */
export const icuFeatures: readonly IcuFeature[] = Object.freeze([
  feature('HR', '/min', [20, 250], [86, 17, 3, 0.94, 0.86]),
  feature('SysABP', 'mm[Hg]', [30, 280], [120, 22, -2.5, 0.93, 0.67]),
  feature('MAP', 'mm[Hg]', [15, 220], [79, 15, -1.6, 0.93, 0.61]),
  feature('RespRate', '/min', [3, 80], [19.5, 5.4, 1.5, 0.26, 0.6]),
  feature('Temp', 'Cel', [28, 43], [37.1, 0.9, -0.2, 0.54, 0.52]),
  feature('GCS', '{score}', [3, 15], [11.8, 3.8, -2.5, 0.53, 0.91]),
  feature('Urine', 'mL', [0, 3000], [125, 120, -31, 0.82, 0.55], true),
  feature('BUN', 'mg/dL', [1, 220], [26, 23, 13, 0.1, 0.99], true),
  feature('Creatinine', 'mg/dL', [0.1, 25], [1.5, 1.2, 0.5, 0.1, 0.99], true),
  feature('Lactate', 'mmol/L', [0.2, 35], [2.4, 1.8, 1.6, 0.08, 0.92], true),
  feature('WBC', '10*3/uL', [0.1, 200], [12.7, 7.3, 1.3, 0.09, 0.86], true),
  feature('FiO2', '{fraction}', [0.21, 1], [0.53, 0.18, 0.02, 0.26, 0.64]),
])
