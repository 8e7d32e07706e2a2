/** Where Baton is a part of another program, which has let nobody in with this request. */
export const HostLogin = () => (
  <main className="login">
    <div className="card">
      <h1>Baton</h1>
      <p>
        Log in to the program that this is a part of, with an account that may come in here; then try again.
      </p>
      <button type="button" className="button primary" onClick={() => location.reload()}>
        Try again
      </button>
    </div>
  </main>
);
