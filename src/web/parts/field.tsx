/** A label with its control. */
import { useId, type ReactNode } from 'react';

interface FieldProps {
  readonly label: string;
  /** Has the id of the control with `-hint` after it. */
  readonly hint?: ReactNode;
  /** Is given the id for the control. */
  readonly children: (id: string) => ReactNode;
}

export const Field = ({ label, hint, children }: FieldProps) => {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="small muted">
          {hint}
        </p>
      )}
    </div>
  );
};
