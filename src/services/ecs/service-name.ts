/** A service as whoever scales it names it. */
export interface ServiceName {
  readonly cluster: string;
  readonly service: string;
}
