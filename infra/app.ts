import { pathToFileURL } from 'node:url'
import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { endCommand, readCommandLine } from './command-line.ts'
import { DrydockStack } from './stack.ts'

const usage = `npm run synth

Writes the template into cdk.out, or where CDK_OUTDIR says. Fails on a finding of cdk-nag without a reason.`

/**
 * Returns the whole app, checked by cdk-nag when it is synthesized. `outdir` defaults to CDK_OUTDIR, which the CDK CLI sets, and
 * then to `cdk.out`. The stack is called `stack`, or as the context of the CDK CLI says (`-c stack=…`), so that an account can have
 * several. Everything else that shapes the template is here and not in cdk.json, so that both ways to synthesize agree.
 */
export function drydock(outdir = process.env.CDK_OUTDIR ?? 'cdk.out', stack?: string): App {
  const app = new App({ outdir, analyticsReporting: false })
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  new DrydockStack(app, stack ?? String(app.node.tryGetContext('stack') ?? 'Drydock'))
  return app
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    readCommandLine(usage, { options: {} })
    drydock().synth()
  } catch (error) {
    endCommand(error)
  }
}
