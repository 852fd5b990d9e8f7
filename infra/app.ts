import { pathToFileURL } from 'node:url'
import { App, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks } from 'cdk-nag'
import { DrydockStack } from './stack.ts'

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

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) drydock().synth()
