import { useEffect, useMemo, useState } from 'preact/hooks'
import {
  type Description,
  fieldsOf,
  found,
  groupsOf,
  type Operation,
  type Schema,
  schemaOf,
  typeOf,
} from '../pictures/description.ts'

/** The description of the API, to be read: every operation with what it takes, answers and demands. */
export function Reference() {
  const [description, setDescription] = useState<Description>()
  const [wrong, setWrong] = useState(false)
  const [text, setText] = useState('')
  useEffect(() => {
    fetch('/openapi.json')
      .then(async (answer) => setDescription(await answer.json()))
      .catch(() => setWrong(true))
  }, [])
  const groups = useMemo(() => (description ? groupsOf(description) : []), [description])
  const shown = useMemo(() => found(groups, text), [groups, text])
  return (
    <div class="frame">
      <nav class="menu" aria-label="Groups">
        <a class="brand" href="/console">
          <img src={new URL('../icon.svg', import.meta.url).href} alt="" width="26" height="26" />
          Drydock
        </a>
        <div class="menu-items">
          <h2>Operations</h2>
          <ul>
            {shown.map(({ tag, operations }) => (
              <li key={tag}>
                <a href={`#${tag}`}>
                  {tag} <span class="quiet">{operations.length}</span>
                </a>
              </li>
            ))}
          </ul>
          <div class="who">
            <a href="/openapi.json">OpenAPI 3.1</a>
            <a href="/console">Console</a>
          </div>
        </div>
      </nav>
      <main id="content">
        <header class="head">
          <h1>Reference of the API</h1>
          <label class="inline">
            <span>Find</span>
            <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
          </label>
          {description && (
            <p class="under">
              {description.info.title} {description.info.version}. {description.info.description}
            </p>
          )}
        </header>
        {wrong && (
          <p class="notice bad" role="alert">
            The description does not come: load the page once more.
          </p>
        )}
        {!description && !wrong && <p role="status">One moment …</p>}
        {description && shown.length === 0 && <p class="empty">Nothing is called so.</p>}
        {shown.map(({ tag, operations }) => (
          <section key={tag} id={tag} class="card" aria-label={tag}>
            <h2>{tag}</h2>
            {operations.map((operation) => (
              <One key={operation.operationId} operation={operation} />
            ))}
          </section>
        ))}
      </main>
    </div>
  )
}

function One({ operation }: { readonly operation: Operation }) {
  const { method, path, summary, operationId } = operation
  const [open, setOpen] = useState(false)
  return (
    <details
      class="operation"
      id={operationId}
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <span class={`method ${method.toLowerCase()}`}>{method}</span>
        <code>{path}</code>
        <span class="quiet">{summary}</span>
      </summary>
      {open && <Details operation={operation} />}
    </details>
  )
}

function Details({ operation }: { readonly operation: Operation }) {
  const { parameters = [], requestBody, responses, security = [] } = operation
  const roles = operation['x-roles']
  const answers = Object.entries(responses)
  return (
    <div class="opened">
      <p>
        <b>{operation.operationId}</b>{' '}
        <span class="quiet">
          {roles
            ? `for ${roles.join(', ')}`
            : security.length === 0
              ? 'for anybody'
              : `by ${security.flatMap(Object.keys).join(', ')}`}
        </span>
      </p>
      {parameters.length > 0 && (
        <>
          <h3>Parameters</h3>
          <dl>
            {parameters.map(({ name, in: place, required, description, schema = {} }) => [
              <dt key={`${place} ${name}`}>
                <code>{name}</code>
                {required && <b title="needed"> *</b>}
              </dt>,
              <dd key={`${place} ${name} words`}>
                <span class="quiet">
                  {place}, {typeOf(schema)}
                </span>{' '}
                {description ?? schema.description}
              </dd>,
            ])}
          </dl>
        </>
      )}
      {requestBody && <Fields title="Body" schema={schemaOf(requestBody)} />}
      {answers.map(([status, answer]) =>
        Number(status) < 300 ? (
          <Fields key={status} title={`${status}: ${answer.description ?? ''}`} schema={schemaOf(answer)} />
        ) : null,
      )}
      <h3>Other answers</h3>
      <dl>
        {answers
          .filter(([status]) => Number(status) >= 300)
          .map(([status, { description }]) => [
            <dt key={status}>{status}</dt>,
            <dd key={`${status} words`}>{description}</dd>,
          ])}
      </dl>
    </div>
  )
}

function Fields({ title, schema }: { readonly title: string; readonly schema: Schema | undefined }) {
  const fields = fieldsOf(schema)
  return (
    <>
      <h3>{title}</h3>
      {fields.length === 0 && schema && <p class="quiet">{typeOf(schema)}</p>}
      {fields.length > 0 && (
        <ul class="schema">
          {fields.map(({ name, depth, type, required, words }, index) => (
            <li key={`${index} ${name}`} class={`depth-${depth}`}>
              <code>{name}</code>
              {required && <b title="always there, or needed"> *</b>} <span class="quiet">{type}</span>{' '}
              {words}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
