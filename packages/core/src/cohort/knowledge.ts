// What synthetic people may have, take and be measured for: real codes, plausible ranges. Not clinical advice.
// Codes: SNOMED CT (conditions, allergies), RxNorm (medicines), LOINC (measurements), UCUM (units).

/** A measurement with the mean and spread that a healthy adult shows, and its reference range. */
export interface Measurement {
  readonly loinc: string
  readonly display: string
  readonly unit: string
  readonly mean: number
  readonly deviation: number
  readonly decimals: number
  readonly low: number
  readonly high: number
}

/** A long-lasting condition with what it is treated with and what it shifts. */
export interface Illness {
  readonly snomed: string
  readonly display: string
  /** Share of adults over 40 that have it here. */
  readonly prevalence: number
  readonly medicines: readonly { readonly rxnorm: string; readonly display: string; readonly dailyTablets: number }[]
  /** LOINC code → how far the mean moves. */
  readonly shifts: Readonly<Record<string, number>>
}

/** Vital signs taken at each visit. */
export const vitalSigns: readonly Measurement[] = [
  { loinc: '8867-4', display: 'Heart rate', unit: '/min', mean: 74, deviation: 9, decimals: 0, low: 60, high: 100 },
  {
    loinc: '8310-5',
    display: 'Body temperature',
    unit: 'Cel',
    mean: 36.6,
    deviation: 0.3,
    decimals: 1,
    low: 36,
    high: 37.5,
  },
  {
    loinc: '9279-1',
    display: 'Respiratory rate',
    unit: '/min',
    mean: 15,
    deviation: 2,
    decimals: 0,
    low: 12,
    high: 20,
  },
  { loinc: '29463-7', display: 'Body weight', unit: 'kg', mean: 68, deviation: 3, decimals: 1, low: 45, high: 110 },
]

/** Laboratory measurements. */
export const laboratory: readonly Measurement[] = [
  {
    loinc: '2345-7',
    display: 'Glucose [Mass/volume] in Serum or Plasma',
    unit: 'mg/dL',
    mean: 92,
    deviation: 8,
    decimals: 0,
    low: 70,
    high: 105,
  },
  {
    loinc: '4548-4',
    display: 'Hemoglobin A1c/Hemoglobin.total in Blood',
    unit: '%',
    mean: 5.3,
    deviation: 0.25,
    decimals: 1,
    low: 4,
    high: 5.7,
  },
  {
    loinc: '2160-0',
    display: 'Creatinine [Mass/volume] in Serum or Plasma',
    unit: 'mg/dL',
    mean: 0.9,
    deviation: 0.12,
    decimals: 2,
    low: 0.6,
    high: 1.3,
  },
  {
    loinc: '718-7',
    display: 'Hemoglobin [Mass/volume] in Blood',
    unit: 'g/dL',
    mean: 14.2,
    deviation: 0.9,
    decimals: 1,
    low: 12,
    high: 17.5,
  },
  {
    loinc: '2093-3',
    display: 'Cholesterol [Mass/volume] in Serum or Plasma',
    unit: 'mg/dL',
    mean: 178,
    deviation: 18,
    decimals: 0,
    low: 100,
    high: 200,
  },
]

/** Systolic and diastolic blood pressure, written as the parts of one panel. */
export const bloodPressure = {
  systolic: { loinc: '8480-6', display: 'Systolic blood pressure', mean: 118, deviation: 8 },
  diastolic: { loinc: '8462-4', display: 'Diastolic blood pressure', mean: 75, deviation: 6 },
}

/** Illnesses of the cohort. */
export const illnesses: readonly Illness[] = [
  {
    snomed: '38341003',
    display: 'Hypertensive disorder, systemic arterial (disorder)',
    prevalence: 0.35,
    medicines: [
      { rxnorm: '314076', display: 'lisinopril 10 MG Oral Tablet', dailyTablets: 1 },
      { rxnorm: '197361', display: 'amlodipine 5 MG Oral Tablet', dailyTablets: 1 },
    ],
    shifts: { '8480-6': 26, '8462-4': 14 },
  },
  {
    snomed: '44054006',
    display: 'Diabetes mellitus type 2 (disorder)',
    prevalence: 0.2,
    medicines: [
      {
        rxnorm: '860975',
        display: '24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet',
        dailyTablets: 2,
      },
    ],
    shifts: { '2345-7': 58, '4548-4': 2.1, '29463-7': 9 },
  },
  {
    snomed: '55822004',
    display: 'Hyperlipidemia (disorder)',
    prevalence: 0.25,
    medicines: [{ rxnorm: '617311', display: 'atorvastatin 40 MG Oral Tablet', dailyTablets: 1 }],
    shifts: { '2093-3': 55 },
  },
  { snomed: '195967001', display: 'Asthma (disorder)', prevalence: 0.08, medicines: [], shifts: { '9279-1': 3 } },
  {
    snomed: '49436004',
    display: 'Atrial fibrillation (disorder)',
    prevalence: 0.05,
    medicines: [{ rxnorm: '855332', display: 'warfarin sodium 5 MG Oral Tablet', dailyTablets: 1 }],
    shifts: { '8867-4': 18 },
  },
  {
    snomed: '709044004',
    display: 'Chronic kidney disease (disorder)',
    prevalence: 0.07,
    medicines: [],
    shifts: { '2160-0': 0.9, '718-7': -1.8 },
  },
]

/** Allergies of the cohort (SNOMED CT). */
export const allergies: readonly {
  readonly snomed: string
  readonly display: string
  readonly category: 'medication' | 'food' | 'environment'
}[] = [
  { snomed: '91936005', display: 'Allergy to penicillin', category: 'medication' },
  { snomed: '91935009', display: 'Allergy to peanut', category: 'food' },
  { snomed: '300913006', display: 'Allergy to shellfish', category: 'food' },
  { snomed: '232350006', display: 'Allergy to dust mite protein', category: 'environment' },
]
