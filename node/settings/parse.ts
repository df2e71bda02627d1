import { readFileSync } from 'node:fs'
import { AriaError, type Deployment, parseDeployment } from '@aria/sdk/protocol'
import * as v from 'valibot'

export type Environment = Readonly<Record<string, string | undefined>>

/** @throws AriaError `bad_config` that names the variable and the fix. */
export function parseSettings<S extends v.GenericSchema<Record<string, unknown>>>(
  schema: S,
  env: Environment,
): v.InferOutput<S> {
  // An empty variable is an unset one: shells and unit files cannot unset.
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = v.safeParse(schema, set)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const name = v.getDotPath(issue) ?? 'the environment'
  const isMissing = set[name] === undefined
  const isSecret = name.endsWith('_KEY')
  throw new AriaError(
    'bad_config',
    isMissing
      ? `${name} is not set.`
      : `${name} is ${isSecret ? 'not valid' : `"${set[name]}"`}: expected ${issue.message}.`,
    { facts: { variable: name }, hint: FIXES[name] ?? `Set ${name} to a valid value.` },
  )
}

const FIXES: Record<string, string> = {
  ARIA_DEPLOYMENT:
    'Set ARIA_DEPLOYMENT (or --deployment) to the file that the deployment of the contracts wrote.',
  ARIA_MODEL: 'Set ARIA_MODEL (or --model) to a GGUF file, such as models/aria-1.gguf.',
  ARIA_OPERATOR: 'Set ARIA_OPERATOR (or --operator) to the address that staked.',
  ARIA_TOKENIZER: 'Set ARIA_TOKENIZER to the GGUF file of the model that the gateway sells.',
  ARIA_CLIENT_KEY:
    'Set ARIA_CLIENT_KEY to the private key of the wallet that pays (hex, or a file that holds it).',
}

export function readDeployment(file: string): Deployment {
  return parseDeployment(readJson('ARIA_DEPLOYMENT', file), file)
}

function readJson(variable: string, file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new AriaError('bad_config', `${variable}: cannot read "${file}" as JSON.`, {
      facts: { variable, file },
      hint: FIXES[variable] ?? `Check the file named by ${variable}.`,
      cause,
    })
  }
}
