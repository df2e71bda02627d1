import { type Key, type ReactNode, useState } from 'react'
import { Button } from './button.tsx'

export interface Column<Row> {
  header: string
  cell: (row: Row) => ReactNode
  /** Numbers line up on their end; on a phone, title and state make the card's first line. */
  kind?: 'title' | 'state' | 'numeric'
}

interface DataTableProps<Row> {
  caption: string
  columns: Column<Row>[]
  rows: Row[]
  rowKey: (row: Row) => Key
  /** A line under the row, over its whole width: why something failed. */
  note?: (row: Row) => ReactNode
  /** How many rows are shown until a person asks for all of them. */
  rowsShown?: number
}

/**
 * A table that becomes a list of cards on a phone (data-table.css). Changing `display` takes a table's
 * meaning away from assistive technology, so the roles are written out.
 */
export function DataTable<Row>({ caption, columns, rows, rowKey, note, rowsShown }: DataTableProps<Row>) {
  const [all, setAll] = useState(false)
  const folded = !all && rowsShown !== undefined && rows.length > rowsShown
  return (
    // biome-ignore-start lint/a11y/noRedundantRoles: needed once CSS changes the display of these elements.
    <>
      <table role="table" aria-label={caption} className="data-table">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ header, kind }) => (
              <th key={header} role="columnheader" scope="col" className={kind}>
                {header}
              </th>
            ))}
          </tr>
        </thead>
        {(folded ? rows.slice(0, rowsShown) : rows).map(row => (
          <tbody key={rowKey(row)} role="rowgroup">
            <tr role="row">
              {columns.map(({ header, kind, cell }) => (
                <td key={header} role="cell" data-label={header} className={kind}>
                  {cell(row)}
                </td>
              ))}
            </tr>
            <Note columns={columns.length}>{note?.(row)}</Note>
          </tbody>
        ))}
      </table>
      {folded && (
        <div className="border-line border-t px-4 py-3 sm:px-5">
          <Button onClick={() => setAll(true)}>Show all {rows.length}</Button>
        </div>
      )}
    </>
    // biome-ignore-end lint/a11y/noRedundantRoles: see above.
  )
}

function Note({ columns, children }: { columns: number; children: ReactNode }) {
  if (children === undefined || children === null) return null
  return (
    // biome-ignore-start lint/a11y/noRedundantRoles: as above.
    <tr role="row">
      <td role="cell" colSpan={columns} className="note">
        {children}
      </td>
    </tr>
    // biome-ignore-end lint/a11y/noRedundantRoles: as above.
  )
}
