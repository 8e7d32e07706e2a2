/** Changes. */
const ChangesPage = () => <h1>Changes</h1>;
export default ChangesPage;
