import { openGuard } from '../../functions/executors/guard.ts'
import { openHelm } from '../../functions/executors/helm/helm.ts'
import { readOutboundHosts } from '../../functions/executors/outbound-hosts.ts'

/** Makes one call of helm in a process of its own, which can be killed over it. */
const { binary, hosts, call } = JSON.parse(process.argv[2] ?? '')
const helm = openHelm({ binary, guard: openGuard(readOutboundHosts(hosts)), now: () => Date.now() })
await (call.of ? helm.takeBack(call) : helm.upgrade(call))
