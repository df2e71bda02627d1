// npm run train [-- --config smoke|cpu|gpu] …: train.py under a Python that has what it needs.
import { findPython, PythonMissingError, runScript } from './python.ts'

try {
  process.exitCode = await runScript(findPython(), 'train.py', process.argv.slice(2))
} catch (error) {
  if (!(error instanceof PythonMissingError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
