/** Runners. */
const RunnersPage = () => <h1>Runners</h1>;
export default RunnersPage;
