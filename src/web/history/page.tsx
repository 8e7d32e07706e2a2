/** History. */
const HistoryPage = () => <h1>History</h1>;
export default HistoryPage;
