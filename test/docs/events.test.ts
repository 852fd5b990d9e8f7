import { expect, test } from 'vitest'
import { checkPattern } from '../../infra/local/events/check-pattern.ts'
import { matches } from '../../infra/local/events/pattern.ts'
import { type Field, fieldsOf, published as schemas } from '../events/fields.ts'
import { published, samples } from '../reactor/public-samples.ts'
import { documentAt, tableOf } from './documents.ts'

const { text } = documentAt('docs/events.md')
const [begin, end] = ['<!-- public events -->\n', '<!-- end of public events -->\n']
const [before = '', , after = ''] = text.split(new RegExp(`${begin}|${end}`))

const header = ['field', 'holds', 'which is']

/** The fields of a type, below a part of it. */
function tableOfFields(fields: readonly Field[], type: string): string {
  const rows = fields.map(({ path, type: holds, words, description = '' }) => [
    `\`${path.slice(type.length + 1)}\``,
    words.length > 0 ? words.map((word) => `\`${word}\``).join(', ') : holds,
    description,
  ])
  return tableOf(header, rows)
}

const details = samples.flatMap(published)

/** What one type of event looks like: its fields, and a sample as the mapping makes it. */
function sectionOf([type, schema]: (typeof schemas)[number]): string {
  const inData = fieldsOf(schema, type).filter(({ path }) => path.startsWith(`${type}.data.`))
  const sample = details.find((detail) => detail.type === type)
  const fields = inData.length > 0 ? `\n${tableOfFields(inData, type)}\n` : ''
  return `### ${type}\n${fields}\n\`\`\`json\n${JSON.stringify(sample, null, 2)}\n\`\`\`\n`
}

/** What every type has, and which of them are about what. */
function commonTable(): string {
  const all = schemas.flatMap(([type, schema]) =>
    fieldsOf(schema, type)
      .filter(({ path }) => !path.includes('.data') && !path.endsWith('.type'))
      .map((field) => ({ ...field, path: field.path.slice(type.length + 1) })),
  )
  const once = [...new Map(all.map((field) => [field.path, field])).values()]
  return tableOfFields(
    once.map((field) => ({ ...field, path: `.${field.path}` })),
    '',
  )
}

test('every public event is shown with its fields and a sample of it', async () => {
  const sections = schemas.map(sectionOf).join('\n')
  const made = `${before}${begin}${commonTable()}\n\n${sections}${end}${after}`
  await expect(made).toMatchFileSnapshot('../../docs/events.md')
})

test('the rule that is shown hears of an event once, and of no replay of it', () => {
  const [, shown = ''] = /```json\n(\{\n {2}"source"[\s\S]*?)```/.exec(before) ?? []
  const pattern = JSON.parse(shown)
  expect(() => checkPattern(pattern)).not.toThrow()
  expect(pattern['detail-type'].filter((type: string) => !schemas.some(([known]) => known === type))).toEqual(
    [],
  )
  const event = { source: 'drydock', 'detail-type': 'UpgradePaused', detail: {} }
  expect(matches(pattern, event)).toBe(true)
  expect(matches(pattern, { ...event, 'replay-name': 'again' })).toBe(false)
})
