// The codes that measurements of nodules are written with: those of DICOM's own reports (PS3.16), SNOMED CT, LOINC, UCUM.

/** A code with its system and meaning. */
export interface Coding {
  readonly system: string
  readonly code: string
  readonly display: string
}

const snomed = 'http://snomed.info/sct'
const dicom = 'http://dicom.nema.org/resources/ontology/DCM'
const loinc = 'http://loinc.org'

const coded = (system: string, code: string, display: string): Coding => Object.freeze({ system, code, display })

/** What is told of a nodule, and where (DICOM CID 7469, TID 1419, TID 4104; CID 6162 of lungs). */
export const codes = Object.freeze({
  nodule: coded(snomed, '27925004', 'Nodule'),
  lung: coded(snomed, '39607008', 'Lung'),
  leftLung: coded(snomed, '44029006', 'Left lung'),
  rightLung: coded(snomed, '3341006', 'Right lung'),
  longAxis: coded(snomed, '103339001', 'Long axis'),
  shortAxis: coded(snomed, '103340004', 'Short axis'),
  volume: coded(snomed, '118565006', 'Volume'),
  attenuation: coded(dicom, '112031', 'Attenuation Coefficient'),
  certainty: coded(dicom, '111012', 'Certainty of Finding'),
  chestCt: coded(loinc, '24627-2', 'CT Chest'),
  imaging: coded('http://terminology.hl7.org/CodeSystem/observation-category', 'imaging', 'Imaging'),
  radiology: coded('http://terminology.hl7.org/CodeSystem/v2-0074', 'CT', 'CAT Scan'),
  /** A machine said it, not a person. */
  byMachine: coded(
    'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
    'AIAST',
    'Artificial Intelligence asserted',
  ),
})

/** A UCUM quantity rounded to `digits` after the point. */
export function quantity(value: number, digits: number, code: string, unit = code): Readonly<Record<string, unknown>> {
  return { value: Number(value.toFixed(digits)), unit, system: 'http://unitsofmeasure.org', code }
}
