// What the API says of the configuration and its objects. No behaviour.

export interface ConfigStatus {
  readonly file: string;
  /** Counts successful loads from 1. */
  readonly generation: number;
  readonly loadedAt: string;
  /** The last reload failed and the running configuration stayed: why. */
  readonly lastError: string | null;
  /** Keys whose new value was loaded and is not in force: it is at the next start. */
  readonly needsRestart: readonly string[];
}

export interface ConfigReport extends ConfigStatus {
  /** Peers, groups, policies, sets, pools and so on by name, other sections as a whole. */
  readonly objects: readonly ObjectStatus[];
}

export interface ObjectStatus {
  /** `peers tor-a`, `policies external`, `kernel`. */
  readonly object: string;
  /** The load in which it became what it is; 0: it is in the file and was never good. */
  readonly generation: number;
  /** What is wrong with it in the file; what is in force is the last good one. */
  readonly error: string | null;
}
