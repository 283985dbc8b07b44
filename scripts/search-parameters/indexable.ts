// Which datatypes each kind of search parameter can index (http://hl7.org/fhir/R4/search.html#table).

const table: Readonly<Record<string, ReadonlySet<string>>> = {
  token: new Set([
    'CodeableConcept',
    'Coding',
    'Identifier',
    'ContactPoint',
    'boolean',
    'code',
    'id',
    'string',
    'uri',
    'canonical',
    'oid',
    'url',
  ]),
  reference: new Set(['Reference', 'canonical', 'uri', 'url', 'Resource']),
  date: new Set(['date', 'dateTime', 'instant', 'Period', 'Timing']),
  string: new Set(['string', 'markdown', 'code', 'id', 'uri', 'HumanName', 'Address']),
  quantity: new Set([
    'Quantity',
    'Age',
    'Duration',
    'Count',
    'Distance',
    'SimpleQuantity',
    'Money',
    'Range',
    'SampledData',
  ]),
  number: new Set(['integer', 'positiveInt', 'unsignedInt', 'decimal', 'Range']),
  uri: new Set(['uri', 'url', 'canonical', 'oid', 'uuid']),
}

/** Whether values of a datatype leave rows in the index of a parameter of this kind. */
export function isIndexable(kind: string, datatype: string): boolean {
  return table[kind]?.has(datatype) ?? false
}
