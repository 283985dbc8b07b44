// Filters of the audit trail; what is chosen stands in the address.
import { useNavigate } from '@tanstack/react-router'
import { ChoiceFilter, PeriodFilter, TypedFilter } from '../../components/Filters.tsx'
import { useText } from '../../language/LanguageProvider.tsx'
import styles from './Audit.module.css'
import { type AuditFilters, actions, outcomes, purposes } from './audit-search.ts'
import { auditText } from './text.ts'

function useSetFilter() {
  const navigate = useNavigate()
  return (change: AuditFilters): void =>
    void navigate({
      to: '/audit',
      search: (old) => ({ ...old, ...change, event: undefined }) as { readonly patient?: string },
      replace: true,
      resetScroll: false,
    })
}

/** The bar. */
export function AuditFilterBar({ filters }: { readonly filters: AuditFilters }) {
  const text = useText(auditText)
  const setFilter = useSetFilter()
  return (
    <search className={styles.filters}>
      <TypedFilter label={text.patient} onSet={(patient) => setFilter({ patient })} value={filters.patient} />
      <TypedFilter
        label={text.agent}
        onSet={(agent) => setFilter({ agent })}
        placeholder={text.agentHint}
        value={filters.agent}
      />
      <ChoiceFilter
        anyLabel={text['action.any']}
        label={text.action}
        labelOf={(action) => text[`action.${action}`]}
        onSet={(action) => setFilter({ action })}
        value={filters.action}
        values={actions}
      />
      <ChoiceFilter
        anyLabel={text['outcome.any']}
        label={text.outcome}
        labelOf={(outcome) => text[`outcome.${outcome}`]}
        onSet={(outcome) => setFilter({ outcome })}
        value={filters.outcome}
        values={outcomes}
      />
      <ChoiceFilter
        anyLabel={text['purpose.any']}
        label={text.purpose}
        labelOf={(purpose) => text[`purpose.${purpose}`]}
        onSet={(purpose) => setFilter({ purpose })}
        value={filters.purpose}
        values={purposes}
      />
      <PeriodFilter labels={text} onSet={(end, day) => setFilter({ [end]: day })} values={filters} />
    </search>
  )
}
