// From a condition to the department that sees it: ICD-10 blocks, with overrides for age, sex and pregnancy.
import { applies, type Department, type Person, type TriageFacts } from './facts.ts'

const category = (icd10: string): string => icd10.trim().toUpperCase().slice(0, 3)

/**
 * The department for an ICD-10 code: the first referral whose block and person fit; undefined when none does.
 * @param icd10 a code such as `J18` or `J06.9`; its category (three characters) decides
 */
export function departmentFor(
  facts: Pick<TriageFacts, 'departments' | 'referrals'>,
  icd10: string,
  person: Person,
): Department | undefined {
  const code = category(icd10)
  const referral = facts.referrals.find(({ from, to, ...whom }) => code >= from && code <= to && applies(whom, person))
  return facts.departments.find(({ id }) => id === referral?.department)
}
