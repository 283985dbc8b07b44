// Filters of the traces; what is chosen stands in the address.
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { fetchServiceFigures } from '../../api/traces.ts'
import { useRequest } from '../../app/session.ts'
import { ChoiceFilter, PeriodFilter, TypedFilter } from '../../components/Filters.tsx'
import { fill } from '../../language/fill.ts'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Traces.module.css'
import { tracesText } from './text.ts'
import { slownesses, type TraceFilters } from './traces-search.ts'

// The rooms that did something lately, and the one that is chosen even if it did not.
function useServices(chosen: string | undefined): readonly string[] {
  const request = useRequest()
  const figures = useQuery({
    queryKey: ['traces', 'services'],
    queryFn: ({ signal }) => fetchServiceFigures(request, signal),
    staleTime: 60_000,
  })
  const names = figures.data?.services.map(({ service }) => service) ?? []
  return [...new Set([...names, ...(chosen === undefined ? [] : [chosen])])].toSorted()
}

/** The bar. */
export function TraceFilterBar({ filters }: { readonly filters: TraceFilters }) {
  const text = useText(tracesText)
  const navigate = useNavigate()
  const services = useServices(filters.service)
  const setFilter = (change: TraceFilters): void =>
    void navigate({
      to: '/traces',
      search: (old) => ({ ...old, ...change }) as { readonly service?: string },
      replace: true,
      resetScroll: false,
    })
  return (
    <search className={styles.filters}>
      <ChoiceFilter
        anyLabel={text.anyService}
        label={text.service}
        labelOf={(service) => service}
        onSet={(service) => setFilter({ service })}
        value={filters.service}
        values={services}
      />
      <TypedFilter
        label={text.name}
        onSet={(name) => setFilter({ name })}
        placeholder={text.nameHint}
        value={filters.name}
      />
      <ChoiceFilter
        anyLabel={text.anyDuration}
        label={text.slow}
        labelOf={(ms) => fill(text.longer, { ms })}
        onSet={(slow) => setFilter({ slow })}
        value={filters.slow}
        values={slownesses}
      />
      <ChoiceFilter
        anyLabel={text.anyOutcome}
        label={text.failed}
        labelOf={() => text.onlyFailed}
        onSet={(failed) => setFilter({ failed })}
        value={filters.failed}
        values={['true']}
      />
      <PeriodFilter labels={text} onSet={(end, day) => setFilter({ [end]: day })} values={filters} />
    </search>
  )
}
