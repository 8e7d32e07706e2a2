/** Ages of rows: counted to now, or in the past to the moment that is shown. */
import { Age } from '../parts/time.js';

interface AgeProps {
  readonly at: string;
  readonly asOf: string | undefined;
}

export const PastAge = ({ at, asOf }: AgeProps) => <Age at={at} {...(asOf === undefined ? {} : { asOf })} />;

export const Ago = (props: AgeProps) => (
  <>
    <PastAge {...props} /> {props.asOf === undefined ? 'ago' : 'before'}
  </>
);
