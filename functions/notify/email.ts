import { cut } from '../../events/cut.ts'
import type { Notice } from './notice.ts'

/** A message as it is sent: a subject of one line, and the same words twice. */
export interface Email {
  readonly subject: string
  readonly text: string
  readonly html: string
}

const entities: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => entities[sign] ?? sign)
}

/** A header has one line, and no sign that only a terminal or a text's direction reads. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}

const longestSubject = 200

const colours = { info: '#1d4ed8', warning: '#b45309', critical: '#b91c1c' } as const

/** Returns a notice as an e-mail, with what the release's maker says of it where there is something. */
export function emailOf(
  { severity, title, lines, facts, link }: Notice,
  changelog: readonly string[],
  origin: string,
): Email {
  const url = `${origin}${link}`
  const [first = ''] = lines
  const listed = changelog.length > 0 ? [`What is new:`, ...changelog.map((line) => `- ${line}`), ''] : []
  const text = [
    ...[title, '', ...lines, ''],
    ...facts.map(([label, value]) => `${label}: ${value}`),
    ...(facts.length > 0 ? [''] : []),
    ...listed,
    url,
  ].join('\n')
  const rows = facts.map(
    ([label, value]) =>
      `<tr><td style="padding-right:16px;color:#475569">${escaped(label)}</td><td>${escaped(value)}</td></tr>`,
  )
  const html = [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>',
    escaped(title),
    '</title></head><body style="font-family:system-ui,sans-serif;color:#0f172a;max-width:40em">',
    `<h2 style="color:${colours[severity]}">${escaped(title)}</h2>`,
    ...lines.map((line) => `<p>${escaped(line)}</p>`),
    rows.length > 0 ? `<table>${rows.join('')}</table>` : '',
    changelog.length > 0
      ? `<h3>What is new</h3><ul>${changelog.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`
      : '',
    `<p><a href="${escaped(url)}">Open in Drydock</a></p></body></html>`,
  ].join('')
  return { subject: cut(oneLine(`${title}: ${first}`), longestSubject), text, html }
}
