/** How long things take in this world, in seconds: the order of magnitude that AWS shows. */
export const timings = {
  /** From launch to `running`. */
  instanceStarts: 15,
  /** From `running` until the kubelet has registered, and from then until it is Ready. */
  nodeRegisters: 25,
  nodeReady: 10,
  /** From `shutting-down` to `terminated`; the node object goes a little later. */
  instanceStops: 30,
  nodeRemoved: 5,
  /** A spot notice comes two minutes ahead. */
  spotNotice: 120,
  /** Auto Scaling tries again after a launch that failed. */
  launchRetry: 60,
  groupConfigApplied: 5,
  groupConfigUpdate: 20,
  rolloutSetup: 30,
  /** EKS evicts a node's pods again every so often, and gives up after 15 minutes. */
  evictionRetry: 10,
  evictionLimit: 15 * 60,
  nodeCreationLimit: 20 * 60,
  controlPlaneUpdate: 11 * 60,
  addonUpdate: 45,
  insightsRefresh: 75,
  imageScan: 8,
  /** EKS's own terminate hook on a managed group's Auto Scaling group. */
  managedHookTimeout: 1800,
} as const;
