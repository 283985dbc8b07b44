// What the command bar offers: screens of the role, settings, and patients that fit what is typed.
import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { Patient } from '../../api/fhir.ts'
import { fetchPage, searchPath } from '../../api/search.ts'
import { dayOfClock } from '../../clinical/age.ts'
import { nameOf } from '../../clinical/names.ts'
import { ageWords, patientAge, recordNumberOf, sexWords } from '../../clinical/person-words.ts'
import { clinicalText } from '../../clinical/text.ts'
import { typedSearch } from '../../clinical/typed-search.ts'
import { fill } from '../../language/fill.ts'
import { useLanguage, useText } from '../../language/LanguageProvider.tsx'
import { addressOf, screensFor } from '../navigation.ts'
import { useCaller, useRequest, useSignOut } from '../session.ts'
import { shellText } from '../text.ts'
import { type Choice, fitting } from './choices.ts'
import { commandText } from './text.ts'

/** A choice that can be made. */
export interface LiveChoice extends Choice {
  readonly run: () => void
}

const typingPauseMs = 160
const maxPatients = 8

function useCommands(): readonly LiveChoice[] {
  const text = useText(commandText)
  const shell = useText(shellText)
  const { language, choose } = useLanguage()
  const { setColorScheme } = useMantineColorScheme()
  const isDark = useComputedColorScheme('light') === 'dark'
  const caller = useCaller()
  const signOut = useSignOut()
  const navigate = useNavigate()
  const screens = screensFor(caller.roles).map((screen) => ({
    id: `go-${screen}`,
    group: 'commands' as const,
    label: fill(text.goTo, { screen: shell[screen] }),
    words: `${shellText.en[screen]} ${shellText.zh[screen]}`,
    run: () => void navigate({ href: addressOf(screen, caller) }),
  }))
  const settings = [
    {
      id: 'language',
      label: text.toLanguage,
      words: 'language 语言 english 英文 chinese 中文',
      run: () => choose(language === 'en' ? 'zh' : 'en'),
    },
    {
      id: 'colours',
      label: isDark ? text.toLight : text.toDark,
      words: 'theme colours colors dark light 颜色 主题 深色 浅色',
      run: () => setColorScheme(isDark ? 'light' : 'dark'),
    },
    { id: 'sign-out', label: text.signOut, words: 'sign out log out 退出 登录', run: () => void signOut() },
  ]
  return [...screens, ...settings.map((setting) => ({ group: 'commands' as const, ...setting }))]
}

function usePatientsFound(typed: string) {
  const request = useRequest()
  const caller = useCaller()
  const [settled] = useDebouncedValue(typed.trim(), typingPauseMs)
  const isAllowed = screensFor(caller.roles).includes('patients')
  const path = searchPath('/fhir/Patient', [...typedSearch(settled), ['_count', maxPatients]])
  const found = useQuery({
    queryKey: ['patients-found', path],
    queryFn: ({ signal }) => fetchPage<Patient>(request, path, signal),
    enabled: isAllowed && settled !== '',
  })
  const isAsked = isAllowed && typed.trim() !== ''
  const isSearching = isAsked && (settled !== typed.trim() || found.isFetching)
  return { patients: isAsked ? (found.data?.rows ?? []) : [], isSearching, isAsked, hasFailed: found.isError }
}

function usePatientChoice(): (patient: Patient) => LiveChoice {
  const text = useText(commandText)
  const words = useText(clinicalText)
  const navigate = useNavigate()
  const today = dayOfClock(new Date())
  return (patient) => {
    const age = patientAge(patient, today)
    const details = [
      sexWords(patient.gender, words),
      age === undefined ? undefined : ageWords(age, words),
      patient.birthDate,
      recordNumberOf(patient),
    ]
    return {
      id: `patient-${patient.id}`,
      group: 'patients',
      label: nameOf(patient.name) ?? text.unnamed,
      detail: details.filter((part) => part !== undefined).join(' · '),
      run: () => void navigate({ to: '/patients/$patientId', params: { patientId: patient.id } }),
    }
  }
}

/** The choices for what is typed: patients first, then commands. */
export function useChoices(typed: string) {
  const text = useText(commandText)
  const navigate = useNavigate()
  const commands = useCommands()
  const { patients, isSearching, isAsked, hasFailed } = usePatientsFound(typed)
  const choiceOf = usePatientChoice()
  const all: LiveChoice = {
    id: 'all-matches',
    group: 'patients',
    label: fill(text.allMatches, { typed: typed.trim() }),
    run: () => void navigate({ to: '/patients', search: { q: typed.trim() } }),
  }
  const choices = [...patients.map(choiceOf), ...(isAsked ? [all] : []), ...fitting(commands, typed)]
  return { choices, isSearching, hasFailed }
}
